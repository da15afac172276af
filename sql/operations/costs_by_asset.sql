-- One row per table, dearest first: how often it was looked at and made, what that cost, its size.
SELECT
    asset,
    count(*) AS n_runs,
    count(*) FILTER (NOT reused) AS n_rebuilt,
    sum(wall_s) AS wall_s,
    sum(cpu_s) AS cpu_s,
    max(peak_rss_bytes) AS peak_rss_bytes,
    arg_max(n_rows, started_at) AS n_rows,
    arg_max(table_bytes, started_at) AS table_bytes,
    sum(est_cost_usd) AS est_cost_usd
FROM operations.costs
WHERE asset IS NOT NULL
GROUP BY asset
ORDER BY est_cost_usd DESC, asset
