-- One row per fifth of the valued homes by value.
WITH ranked AS (
    SELECT
        value,
        (row_number() OVER (ORDER BY value, source, property_key, listing_key) - 1) * 5
            // count(*) OVER () + 1 AS fifth
    FROM serving.valuations
    WHERE value IS NOT NULL
)
SELECT fifth, count(*) AS n, min(value) AS value_from, max(value) AS value_to
FROM ranked
GROUP BY fifth
ORDER BY fifth
