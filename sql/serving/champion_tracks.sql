-- One row per track that has a champion.
SELECT DISTINCT models.track
FROM promotion.aliases AS aliases
JOIN modeling.models AS models USING (name, model_version)
WHERE aliases.alias = 'champion'
ORDER BY models.track
