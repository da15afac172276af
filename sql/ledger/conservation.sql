-- One row is one staged file: what the ledger says of it beside what stands in raw, staging and
-- quarantine, each counted by itself. Only the first delivery of bytes under a mapping is staged,
-- so tables are compared by the sum over a file's deliveries. Rows that left quarantine are told
-- in staging by their flags, in quarantine by their resolution, in the decisions by their fate.
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
in_staging AS (
    SELECT
        file_hash,
        count(*) AS n,
        count(*) FILTER (
            WHERE list_has_any(flags, ['quarantine.released', 'quarantine.retried'])
        ) AS n_moved
    FROM (
        SELECT file_hash, flags FROM staging.listings
        UNION ALL
        SELECT file_hash, flags FROM staging.parcels
    )
    GROUP BY file_hash
),
in_quarantine AS (
    SELECT
        file_hash,
        count(*) AS n,
        count(*) FILTER (WHERE resolution IN ('released', 'retried')) AS n_left
    FROM staging.quarantine
    GROUP BY file_hash
),
decided AS (
    SELECT
        file_hash,
        count(*) FILTER (WHERE fate = 'staged') AS n_staged,
        count(*) FILTER (WHERE fate = 'unchanged') AS n_unchanged
    FROM ledger.decisions
    WHERE fate IS NOT NULL
    GROUP BY file_hash
),
-- A file read under two mappings may have a record out under one and in under the other.
twice AS (
    SELECT q.file_hash, count(*) AS n
    FROM staging.quarantine AS q
    SEMI JOIN (
        SELECT file_hash, record_number FROM staging.listings
        UNION ALL
        SELECT file_hash, record_number FROM staging.parcels
    ) AS s
        ON s.file_hash = q.file_hash AND s.record_number = q.record_number
    WHERE q.resolution IN ('open', 'discarded')
        AND q.file_hash IN (SELECT file_hash FROM told WHERE deliveries = 1)
    GROUP BY q.file_hash
)
SELECT
    t.*,
    coalesce(r.n, 0) AS raw_rows,
    coalesce(s.n, 0) AS staging_rows,
    coalesce(s.n_moved, 0) AS moved_rows,
    coalesce(q.n, 0) AS quarantine_rows,
    coalesce(q.n_left, 0) AS left_rows,
    coalesce(d.n_staged, 0) AS decided_staged,
    coalesce(d.n_unchanged, 0) AS decided_unchanged,
    coalesce(w.n, 0) AS rows_in_two_places
FROM told AS t
LEFT JOIN in_raw AS r USING (file_hash)
LEFT JOIN in_staging AS s USING (file_hash)
LEFT JOIN in_quarantine AS q USING (file_hash)
LEFT JOIN decided AS d USING (file_hash)
LEFT JOIN twice AS w USING (file_hash)
ORDER BY t.file_name, t.file_hash
