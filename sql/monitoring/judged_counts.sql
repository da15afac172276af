-- One row per track and population: how much was judged in its last judged month, and against what.
SELECT track, population, month, count(*) AS n_judged, max(n) AS n_rows, max(reference) AS reference
FROM monitoring.drift
WHERE judged AND month <= $today
GROUP BY track, population, month
QUALIFY row_number() OVER (PARTITION BY track, population ORDER BY month DESC) = 1
ORDER BY track, population
