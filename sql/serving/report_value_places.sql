-- One row per valued home with coordinates, at most $most of them: where, and in which fifth of
-- all values (1 = lowest).
WITH ranked AS (
    SELECT
        source,
        property_key,
        listing_key,
        longitude,
        latitude,
        (row_number() OVER (ORDER BY value, source, property_key, listing_key) - 1) * 5
            // count(*) OVER () + 1 AS fifth
    FROM serving.valuations
    WHERE value IS NOT NULL
)
SELECT longitude, latitude, fifth
FROM ranked
WHERE longitude IS NOT NULL AND latitude IS NOT NULL
ORDER BY md5(source || property_key || listing_key), source, property_key, listing_key
LIMIT $most
