-- One row is one status of staged photos: how many, of how many listings, and their sizes.
SELECT
    coalesce(status, 'no status') AS status,
    count(*) AS n_photos,
    count(DISTINCT listing_key) AS n_listings,
    quantile_disc(width, 0.5) AS middle_width,
    quantile_disc(height, 0.5) AS middle_height,
    quantile_disc(n_bytes, 0.5) AS middle_n_bytes,
    coalesce(sum(n_bytes::HUGEINT), 0)::BIGINT AS n_bytes,
    count(*) FILTER (least(width, height) < $small_px) AS n_small
FROM staging.photos
GROUP BY ALL
ORDER BY n_photos DESC, status
