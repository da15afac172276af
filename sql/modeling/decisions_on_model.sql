-- One row per decision on a model version, the newest last.
SELECT decision_id, verdict, reason, decided_by, decided_at
FROM promotion.decisions
WHERE name = $name AND model_version = $model_version
ORDER BY decided_at, decision_id
