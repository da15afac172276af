-- One row per photo file of a batch that the ledger does not hold yet.
SELECT DISTINCT ON (file_name, coalesce(photo_hash, '')) *
FROM incoming_photos
WHERE NOT EXISTS (
    SELECT 1
    FROM ledger.photo_files AS known
    WHERE known.file_name = incoming_photos.file_name
      AND known.photo_hash IS NOT DISTINCT FROM incoming_photos.photo_hash
)
ORDER BY file_name, coalesce(photo_hash, '')
