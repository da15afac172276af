-- One row is one source: its listings that say how many photos they have, against those that came.
WITH came AS (
    SELECT listing_key, count(DISTINCT photo_hash) AS n_photos
    FROM staging.photos
    WHERE listing_key IS NOT NULL
    GROUP BY listing_key
)
SELECT
    l.source,
    count(*) AS n_listings,
    count(*) FILTER (c.n_photos IS NULL) AS n_without,
    count(*) FILTER (c.n_photos < l.photos_count) AS n_fewer,
    count(*) FILTER (c.n_photos = l.photos_count) AS n_equal,
    count(*) FILTER (c.n_photos > l.photos_count) AS n_more
FROM latest_listings AS l
LEFT JOIN came AS c USING (listing_key)
WHERE l.photos_count > 0
GROUP BY l.source
ORDER BY l.source
