-- One row per batch in which a model was the shadow: how far it was from the champion.
SELECT
    track,
    as_of,
    champion_version,
    count(*) AS n_homes,
    count(relative_difference) AS n_compared,
    median(abs(relative_difference)) AS median_difference,
    avg((abs(relative_difference) > 0.1)::DOUBLE) AS moved_share
FROM serving.shadow_valuations
WHERE shadow_version = $model_version
GROUP BY track, as_of, champion_version
ORDER BY as_of DESC, champion_version
