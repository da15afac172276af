-- One row per track, population, month and figure: expected, and realised where sales have closed;
-- newest months last.
SELECT *
FROM monitoring.expected_errors
WHERE month <= $today
ORDER BY track, population, month, metric
