-- One row per photo that can be shown, a few of each status, spread by hash.
SELECT status, listing_key, file_name, path, width, height
FROM staging.photos
WHERE phash IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY status ORDER BY photo_hash, file_name, listing_key) <= $most
ORDER BY status <> 'ok', status, photo_hash, file_name, listing_key
