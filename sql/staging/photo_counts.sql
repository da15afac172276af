-- One row per status of photos: how many, of how many listings, and their bytes.
SELECT
    status,
    count(*) AS n_photos,
    count(DISTINCT listing_key) AS n_listings,
    coalesce(sum(n_bytes), 0)::BIGINT AS n_bytes
FROM staging.photos
GROUP BY status
ORDER BY status
