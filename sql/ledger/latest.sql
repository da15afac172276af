-- One row is one delivery, the latest first.
SELECT file_name, mapping, status, rows_read, rows_staged, rows_quarantined, rows_unchanged, reason
FROM ledger.files
ORDER BY arrived_at DESC, file_name
LIMIT 20
