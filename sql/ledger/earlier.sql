-- One row is one earlier delivery of these bytes, or of other bytes under this name, in turn.
SELECT file_hash, file_name
FROM ledger.files
WHERE (file_hash = $file_hash OR file_name = $file_name) AND file_hash <> ''
ORDER BY arrived_at, file_hash, file_name
