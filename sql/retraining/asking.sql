-- One row, or none: the newest retrain that fired, where it asks a person.
SELECT trigger_id, track, kind, reason
FROM (
    SELECT *
    FROM retraining.triggers
    WHERE decision = 'fired'
    ORDER BY as_of DESC, looked_at DESC
    LIMIT 1
)
WHERE rung = 'person'
