-- One row per content that was read before: what its bytes say.
SELECT DISTINCT ON (photo_hash)
    photo_hash, path, n_bytes, width, height, format, exif_orientation, phash, status, detail
FROM ledger.photo_files
WHERE photo_hash IS NOT NULL AND path IS NOT NULL
ORDER BY photo_hash
