-- One row is one listing of which photos came, but fewer usable ones than its latest version says.
WITH latest AS (
    SELECT DISTINCT ON (source, listing_key) source, listing_key, photos_count
    FROM staging.listings
    ORDER BY source, listing_key, known_at DESC, row_hash
),
came AS (
    SELECT
        source,
        listing_key,
        count(DISTINCT photo_hash) AS n_came,
        count(*) FILTER (WHERE status IN ('ok', 'stock_photo', 'near_duplicate')) AS n_usable
    FROM staging.photos
    WHERE source IS NOT NULL
    GROUP BY source, listing_key
)
SELECT
    source,
    listing_key,
    photos_count,
    n_came,
    n_usable,
    greatest(photos_count - n_came, 0) AS n_missing
FROM came
JOIN latest USING (source, listing_key)
WHERE n_usable < photos_count
ORDER BY source, listing_key
