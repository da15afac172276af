-- One row per month of the features that stand out most: their drift as a share of its threshold.
WITH wanted AS (
    SELECT track, population, slice, feature, method, max(abs(value) / threshold) AS worst
    FROM monitoring.drift
    WHERE judged AND method IN ('psi', 'null_share') AND population <> 'asked' AND month <= $today
    GROUP BY ALL
    ORDER BY worst DESC, feature, track, slice, method
    LIMIT $most
)
SELECT
    wanted.worst, track, population, slice, feature, method, month,
    abs(value) / threshold AS reach
FROM monitoring.drift
JOIN wanted USING (track, population, slice, feature, method)
WHERE threshold IS NOT NULL AND month <= $today
ORDER BY worst DESC, feature, track, slice, method, month
