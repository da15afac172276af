-- One row, or none: the newest retrain that fired, while it has not ended, has failed, or asks a person.
SELECT trigger_id, as_of, track, kind, rung, reason, outcome
FROM (
    SELECT *
    FROM retraining.triggers
    WHERE decision = 'fired'
    ORDER BY as_of DESC, looked_at DESC
    LIMIT 1
)
WHERE outcome IS NULL OR outcome IN ('failed', 'told')
