-- One row at most: the champion of a track, and its folder; without one, it is among no models.
SELECT aliases.model_version, models.artifact
FROM promotion.aliases AS aliases
LEFT JOIN modeling.models AS models USING (name, model_version)
WHERE aliases.alias = 'champion' AND coalesce(models.track, $track) = $track
ORDER BY models.track IS NULL
LIMIT 1
