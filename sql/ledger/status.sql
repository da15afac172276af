-- One row per status of deliveries: how many files and rows.
SELECT
    status,
    count(*) AS n_files,
    sum(rows_read)::BIGINT AS rows_read,
    sum(rows_staged)::BIGINT AS rows_staged,
    sum(rows_quarantined)::BIGINT AS rows_quarantined,
    sum(rows_unchanged)::BIGINT AS rows_unchanged
FROM ledger.files
GROUP BY status
ORDER BY status
