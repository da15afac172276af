-- One row is the first delivery of these bytes that was staged under this mapping.
SELECT rows_read, other_lines, rows_malformed, encoding, delimiter
FROM ledger.files
WHERE file_hash = $file_hash AND mapping_hash = $mapping_hash AND status = 'staged'
ORDER BY arrived_at
LIMIT 1
