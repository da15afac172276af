-- One row per listing with photos: how many different ones can be read.
SELECT listing_key, count(DISTINCT photo_hash) AS n_photos
FROM staging.photos
WHERE listing_key IS NOT NULL AND status IN ('ok', 'near_duplicate', 'stock_photo')
GROUP BY listing_key
ORDER BY listing_key
