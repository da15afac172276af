-- One row: the folder of the track's champion.
SELECT models.artifact
FROM promotion.aliases AS aliases
JOIN modeling.models AS models USING (name, model_version)
WHERE aliases.alias = 'champion' AND models.track = $track
