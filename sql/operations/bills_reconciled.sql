-- One row per month that was billed: the bill, the estimate of the same days, and what one is of the other.
WITH billed AS (
    SELECT day, sum(billed_usd) AS billed_usd
    FROM operations.bills
    GROUP BY day
),

estimated AS (
    SELECT started_at::DATE AS day, sum(est_cost_usd) AS est_cost_usd
    FROM operations.costs
    GROUP BY 1
)

SELECT
    strftime(billed.day, '%Y-%m') AS month,
    count(*) AS n_days,
    sum(billed.billed_usd) AS billed_usd,
    coalesce(sum(estimated.est_cost_usd), 0) AS est_cost_usd,
    sum(billed.billed_usd) - coalesce(sum(estimated.est_cost_usd), 0) AS difference_usd,
    sum(billed.billed_usd) / nullif(sum(estimated.est_cost_usd), 0) AS billed_over_estimated,
    count(*) FILTER (WHERE estimated.day IS NULL AND billed.billed_usd > 0) AS n_days_without_runs
FROM billed
LEFT JOIN estimated ON estimated.day = billed.day
GROUP BY 1
ORDER BY month DESC
