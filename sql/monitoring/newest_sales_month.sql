-- One row at most: the newest full month of sales behind the reference that was judged, and against what.
SELECT month, max(n) AS n_rows, max(reference) AS reference
FROM monitoring.drift
WHERE judged
    AND track = $track
    AND population = 'sales'
    AND slice = 'all'
    AND method = 'psi'
    AND month + INTERVAL 1 MONTH <= $today
GROUP BY month
ORDER BY month DESC
LIMIT 1
