-- One row is one picture, by its looks, that stands under several listings.
SELECT phash, count(*) AS n_photos, count(DISTINCT listing_key) AS n_listings
FROM staging.photos
WHERE phash IS NOT NULL AND listing_key IS NOT NULL
GROUP BY phash
HAVING count(DISTINCT listing_key) > 1
ORDER BY n_listings DESC, phash
