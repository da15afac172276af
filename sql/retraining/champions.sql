-- One row per track that has a champion: the row of modeling.models, oldest track name first.
SELECT models.*
FROM promotion.aliases AS aliases
JOIN modeling.models AS models USING (name, model_version)
WHERE aliases.alias = 'champion'
ORDER BY models.track
