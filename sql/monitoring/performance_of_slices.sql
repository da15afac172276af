-- One row per track, month, slice and figure of closed sales in areas and quarters of price: those of
-- the newest 15 months of each track.
SELECT track, month, slice, metric, n, value, low, high
FROM monitoring.performance
WHERE slice NOT IN ('all', 'valid')
    AND metric IN ('coverage_90', 'median_ratio', 'mdape')
    AND value IS NOT NULL
    AND month <= $today
QUALIFY month > max(month) OVER (PARTITION BY track) - INTERVAL 15 MONTH
ORDER BY track, slice, metric, month
