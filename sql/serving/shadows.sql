-- One row per track whose challenger is valued beside the champion: both versions, and its folder.
SELECT
    models.track,
    champion.model_version AS champion_version,
    shadow.model_version AS shadow_version,
    models.artifact
FROM promotion.aliases AS shadow
JOIN modeling.models AS models USING (name, model_version)
JOIN promotion.aliases AS champion ON champion.name = shadow.name AND champion.alias = 'champion'
WHERE shadow.alias = 'shadow'
ORDER BY models.track
