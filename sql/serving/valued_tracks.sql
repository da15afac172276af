-- One row per track: how many homes or listings have a value, and how many have none.
SELECT
    track,
    max(as_of) AS as_of,
    count(value) AS n_valued,
    count(*) - count(value) AS n_without,
    max(model_version) AS model_version
FROM (
    SELECT track, as_of, value, model_version FROM serving.valuations
    UNION ALL
    SELECT track, as_of, value, model_version FROM serving.listing_valuations
)
GROUP BY track
ORDER BY CASE track WHEN 'off_market' THEN 0 WHEN 'at_listing' THEN 1 ELSE 2 END
