-- One row: bytes of the tables as they were last made, and by how much they grew between their first and last making, a table's days added up.
WITH by_table AS (
    SELECT
        asset,
        arg_max(table_bytes, started_at) AS now_bytes,
        arg_min(table_bytes, started_at) AS first_bytes,
        date_diff('day', min(started_at), max(started_at)) AS n_days
    FROM operations.costs
    WHERE table_bytes IS NOT NULL AND outcome = 'done'
    GROUP BY asset
)

SELECT
    coalesce(sum(now_bytes), 0)::BIGINT AS n_bytes,
    coalesce(sum((now_bytes - first_bytes) / n_days) FILTER (WHERE n_days > 0), 0) AS bytes_a_day,
    coalesce(max(n_days), 0) AS n_days
FROM by_table
