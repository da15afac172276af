-- One row per track, month and figure of all sales, newest months last.
SELECT track, month, metric, n, value, low, high, n_expected, maturity_share, note
FROM monitoring.performance
WHERE slice = 'all' AND month <= $today
ORDER BY track, metric, month
