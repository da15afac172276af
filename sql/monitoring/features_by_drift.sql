-- One row per feature of the sales of a month, those farthest out first.
SELECT feature, max(abs(value) / threshold) AS reach
FROM monitoring.drift
WHERE judged AND track = $track AND population = 'sales' AND slice = 'all' AND month = $month
GROUP BY feature
ORDER BY reach DESC, feature
