-- One row per home whose valuation is missing, doubled, or does not make sense.
-- `asked` are the rows of subjects.sql: who is to be valued is said there and nowhere else.
WITH counted AS (
    SELECT source, listing_key, count(*) AS n FROM serving.valuations GROUP BY ALL
)
SELECT listing_key, 'has no row' AS what
FROM asked ANTI JOIN counted USING (source, listing_key)
UNION ALL
SELECT listing_key, 'was not asked for' FROM counted ANTI JOIN asked USING (source, listing_key)
UNION ALL
SELECT listing_key, 'has more than one row' FROM counted WHERE n > 1
UNION ALL
SELECT listing_key, 'has neither value nor reason'
FROM serving.valuations
WHERE (value IS NULL) = (reason IS NULL)
UNION ALL
SELECT listing_key, 'lies outside its interval'
FROM serving.valuations
WHERE value IS NOT NULL
    -- To DuckDB a NaN equals itself and is greater than every number.
    AND NOT coalesce(
        0 < lower_90 AND lower_90 <= value AND value <= upper_90 AND isfinite(upper_90), false
    )
UNION ALL
SELECT listing_key, 'names no model' FROM serving.valuations WHERE model_version IS NULL
