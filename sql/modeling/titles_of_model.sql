-- One row per title that a model version holds.
SELECT alias
FROM promotion.aliases
WHERE name = $name AND model_version = $model_version
ORDER BY alias
