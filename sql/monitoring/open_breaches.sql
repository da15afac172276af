-- One row per breach that stands: the last judged month of a feature and method was one; `since` is
-- the first month of its run.
WITH judged AS (
    SELECT *
    FROM monitoring.drift
    WHERE judged AND month <= $today
),
begun AS (
    SELECT
        *,
        max(CASE WHEN n_consecutive = 1 THEN month END) OVER (
            PARTITION BY track, population, slice, feature, method
            ORDER BY month
        ) AS since
    FROM judged
)
SELECT
    track, population, slice, feature, method, month, since, value, threshold, threshold_critical,
    severity, n_consecutive, n, drivers
FROM begun
QUALIFY row_number() OVER (
    PARTITION BY track, population, slice, feature, method ORDER BY month DESC
) = 1 AND breached
ORDER BY severity, abs(value) / threshold DESC, population, feature, track, slice, method
