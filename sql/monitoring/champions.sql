-- One row per track that has a champion: which model, and the day before which all it learned was known.
SELECT models.track, models.model_version, models.cutoff
FROM promotion.aliases AS aliases
JOIN modeling.models AS models USING (name, model_version)
WHERE aliases.alias = 'champion'
ORDER BY models.track
