-- One row per column that has come to be emptier than the reference in the newest delivery, or in the
-- month given or the one before it.
SELECT track, population, slice, feature, month, n, value, threshold, severity, n_consecutive
FROM monitoring.drift
WHERE method = 'null_share'
    AND breached
    AND value > 0
    AND month >= $month - INTERVAL 1 MONTH
    AND month <= $month
ORDER BY severity, value DESC, feature, track, slice
