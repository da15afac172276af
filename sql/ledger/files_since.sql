-- One row per delivery that reached the ledger since a moment.
SELECT
    file_name,
    source,
    status,
    reason,
    rows_read,
    rows_staged,
    rows_quarantined,
    rows_unchanged,
    file_hash
FROM ledger.files
WHERE arrived_at >= $started_at
ORDER BY arrived_at, file_name
