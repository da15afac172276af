-- One row per content that the store should hold.
SELECT DISTINCT path, photo_hash
FROM ledger.photo_files
WHERE path IS NOT NULL
ORDER BY photo_hash
