-- One row per source: deliveries by outcome, and where their rows went.
SELECT
    coalesce(source, 'unknown') AS source,
    count(*) AS n_files,
    count(*) FILTER (status = 'staged') AS n_staged,
    count(*) FILTER (status = 'unchanged') AS n_unchanged,
    count(*) FILTER (status IN ('refused', 'blocked')) AS n_refused,
    coalesce(sum(rows_read), 0)::BIGINT AS rows_read,
    coalesce(sum(rows_staged), 0)::BIGINT AS rows_staged,
    coalesce(sum(rows_quarantined), 0)::BIGINT AS rows_quarantined,
    coalesce(sum(rows_unchanged), 0)::BIGINT AS rows_unchanged
FROM ledger.files
GROUP BY 1
ORDER BY 1
