-- One row per home that was given a value: the value and the half width of its central 68%, log points.
SELECT
    date_trunc('month', as_of)::DATE AS month,
    value AS prediction,
    greatest(asinh(fsd), 0.001) AS half_log,
    md5(concat_ws('|', property_key, listing_key)) AS basis
FROM query_table($valuations)
WHERE track = $track AND value IS NOT NULL AND fsd IS NOT NULL
