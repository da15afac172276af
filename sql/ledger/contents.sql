-- One row is one content (the same bytes), whatever names it came under, as it stands now.
-- rows_read = rows_staged + rows_quarantined + rows_unchanged, decisions counted in.
CREATE OR REPLACE VIEW ledger.contents AS
WITH deliveries AS (
    SELECT
        file_hash,
        list_sort(list_distinct(list(file_name))) AS names,
        count(*) AS n_deliveries,
        max(n_bytes) AS n_bytes,
        min(arrived_at) AS first_arrived_at,
        max(arrived_at) AS last_arrived_at,
        first(relation ORDER BY arrived_at) AS relation,
        first(relation_of ORDER BY arrived_at) AS relation_of,
        last(status ORDER BY arrived_at) AS last_status,
        last(reason ORDER BY arrived_at) AS last_reason,
        last(run_id ORDER BY arrived_at) AS last_run_id,
        last(duration_s ORDER BY arrived_at) AS last_duration_s
    FROM ledger.files
    GROUP BY file_hash
),
readings AS (
    SELECT
        file_hash,
        first(source ORDER BY arrived_at) AS source,
        first(mapping ORDER BY arrived_at) AS mapping,
        first(encoding ORDER BY arrived_at) AS encoding,
        sum(rows_read)::BIGINT AS rows_read,
        sum(rows_malformed)::BIGINT AS rows_malformed,
        sum(rows_staged)::BIGINT AS rows_staged,
        sum(rows_quarantined)::BIGINT AS rows_quarantined,
        sum(rows_unchanged)::BIGINT AS rows_unchanged,
        last(run_id ORDER BY arrived_at) AS run_id,
        sum(duration_s) AS duration_s
    FROM ledger.files
    WHERE status = 'staged'
    GROUP BY file_hash
),
left_quarantine AS (
    SELECT
        file_hash,
        count(*) FILTER (WHERE fate = 'staged') AS n_staged,
        count(*) FILTER (WHERE fate = 'unchanged') AS n_unchanged
    FROM ledger.decisions
    WHERE fate IS NOT NULL
    GROUP BY file_hash
)
SELECT
    d.file_hash,
    d.names,
    d.n_deliveries,
    d.n_bytes,
    d.first_arrived_at,
    d.last_arrived_at,
    d.relation,
    d.relation_of,
    CASE WHEN r.file_hash IS NOT NULL THEN 'staged' ELSE d.last_status END AS status,
    CASE WHEN r.file_hash IS NULL THEN d.last_reason END AS reason,
    r.source,
    r.mapping,
    r.encoding,
    coalesce(r.rows_read, 0) AS rows_read,
    coalesce(r.rows_malformed, 0) AS rows_malformed,
    coalesce(r.rows_staged, 0) + coalesce(q.n_staged, 0) AS rows_staged,
    coalesce(r.rows_quarantined, 0) - coalesce(q.n_staged + q.n_unchanged, 0) AS rows_quarantined,
    coalesce(r.rows_unchanged, 0) + coalesce(q.n_unchanged, 0) AS rows_unchanged,
    coalesce(r.run_id, d.last_run_id) AS run_id,
    coalesce(r.duration_s, d.last_duration_s) AS duration_s
FROM deliveries AS d
LEFT JOIN readings AS r USING (file_hash)
LEFT JOIN left_quarantine AS q USING (file_hash)
