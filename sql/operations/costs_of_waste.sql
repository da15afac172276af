-- One row per way in which a run brought nothing: how many such runs, and what they cost.
WITH by_run AS (
    SELECT
        run_id,
        bool_or(outcome = 'killed') AS killed,
        bool_or(outcome = 'failed') AS failed,
        count(*) FILTER (WHERE asset IS NOT NULL AND NOT reused) AS n_made,
        count(asset) AS n_looked_at,
        sum(est_cost_usd) AS est_cost_usd
    FROM operations.costs
    GROUP BY run_id
),

told AS (
    SELECT
        CASE
            WHEN killed THEN 'killed'
            WHEN failed THEN 'failed'
            WHEN n_looked_at > 0 AND n_made = 0 THEN 'idle: nothing had changed'
        END AS waste,
        est_cost_usd
    FROM by_run
)

SELECT
    waste,
    count(*) AS n_runs,
    sum(est_cost_usd) AS est_cost_usd,
    sum(est_cost_usd) / (SELECT nullif(sum(est_cost_usd), 0) FROM told) AS share_of_all
FROM told
WHERE waste IS NOT NULL
GROUP BY waste
ORDER BY est_cost_usd DESC, waste
