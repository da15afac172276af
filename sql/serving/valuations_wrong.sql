-- One row per home and track whose valuation in table $valuations is missing, doubled, or does not
-- make sense. `asked` are the rows of homes_asked.sql or listings_asked.sql.
WITH said AS (
    SELECT * FROM query_table($valuations)
),
counted AS (
    SELECT source, listing_key, track, count(*) AS n FROM said GROUP BY ALL
)
SELECT listing_key, track, 'has no row' AS what
FROM asked ANTI JOIN counted USING (source, listing_key, track)
UNION ALL
SELECT listing_key, track, 'was not asked for'
FROM counted ANTI JOIN asked USING (source, listing_key, track)
UNION ALL
SELECT listing_key, track, 'has more than one row' FROM counted WHERE n > 1
UNION ALL
SELECT listing_key, track, 'has neither value nor reason'
FROM said
WHERE (value IS NULL) = (reason IS NULL)
UNION ALL
SELECT listing_key, track, 'lies outside its interval'
FROM said
WHERE value IS NOT NULL
    -- To DuckDB a NaN equals itself and is greater than every number.
    AND NOT coalesce(
        0 < lower_90 AND lower_90 <= value AND value <= upper_90 AND isfinite(upper_90), false
    )
UNION ALL
SELECT listing_key, track, 'has a value without a list price'
FROM said
WHERE track = 'on_market' AND value IS NOT NULL AND list_price IS NULL
UNION ALL
SELECT listing_key, track, 'names no model' FROM said WHERE model_version IS NULL
