-- One row is one file whose cells stand in raw; one of malformed records alone has none.
SELECT DISTINCT file_hash
FROM ledger.files
WHERE status = 'staged' AND rows_read > rows_malformed
ORDER BY file_hash
