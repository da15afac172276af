-- One row per run, newest first: when, how long, and what it cost.
SELECT
    run_id,
    any_value(job) AS job,
    min(started_at) AS started_at,
    sum(wall_s) AS wall_s,
    sum(cpu_s) AS cpu_s,
    max(peak_rss_bytes) AS peak_rss_bytes,
    count(asset) FILTER (NOT reused) AS n_rebuilt,
    sum(est_cost_usd) AS est_cost_usd,
    bool_or(outcome = 'killed') AS killed
FROM operations.costs
GROUP BY run_id
ORDER BY started_at DESC, run_id
