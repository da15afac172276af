-- One row per kind of work: how much of it was done, and what one unit of it cost.
WITH valuing AS (
    SELECT
        'per 1,000 valuations' AS work,
        sum(n_rows) / 1000.0 AS units,
        sum(est_cost_usd) AS est_cost_usd,
        sum(wall_s) AS wall_s
    FROM operations.costs
    WHERE asset IN ('serving.valuations', 'serving.listing_valuations') AND NOT reused
),

retrainings AS (
    SELECT run_id
    FROM operations.costs
    WHERE asset = 'modeling.models' AND NOT reused AND outcome = 'done'
),

retraining AS (
    SELECT
        'per retraining' AS work,
        count(DISTINCT run_id)::DOUBLE AS units,
        sum(est_cost_usd) AS est_cost_usd,
        sum(wall_s) AS wall_s
    FROM operations.costs
    WHERE run_id IN (SELECT run_id FROM retrainings) AND asset LIKE 'modeling.%'
),

both_kinds AS (
    SELECT * FROM valuing
    UNION ALL
    SELECT * FROM retraining
)

SELECT
    work,
    units,
    est_cost_usd / units AS est_cost_usd,
    wall_s / units AS wall_s
FROM both_kinds
WHERE units > 0
ORDER BY work
