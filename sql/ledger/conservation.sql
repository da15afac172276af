-- One row is one staged file: what the ledger says of it beside what stands in raw, staging and
-- quarantine, each counted by itself. Only the first delivery of bytes under a mapping is staged,
-- so tables are compared by the sum over a file's deliveries.
WITH told AS (
    SELECT
        file_hash,
        min(file_name) AS file_name,
        count(*) AS deliveries,
        min(rows_read) AS rows_read,
        sum(rows_read) AS rows_read_in_all,
        min(rows_malformed) AS rows_malformed,
        sum(rows_staged) AS rows_staged,
        sum(rows_quarantined) AS rows_quarantined,
        sum(rows_unchanged) AS rows_unchanged
    FROM ledger.files
    WHERE status = 'staged'
    GROUP BY file_hash
),
in_raw AS (SELECT file_hash, count(*) AS n FROM raw.listings GROUP BY file_hash),
in_staging AS (SELECT file_hash, count(*) AS n FROM staging.listings GROUP BY file_hash),
in_quarantine AS (SELECT file_hash, count(*) AS n FROM staging.quarantine GROUP BY file_hash)
SELECT
    t.*,
    coalesce(r.n, 0) AS raw_rows,
    coalesce(s.n, 0) AS staging_rows,
    coalesce(q.n, 0) AS quarantine_rows
FROM told AS t
LEFT JOIN in_raw AS r USING (file_hash)
LEFT JOIN in_staging AS s USING (file_hash)
LEFT JOIN in_quarantine AS q USING (file_hash)
ORDER BY t.file_name, t.file_hash
