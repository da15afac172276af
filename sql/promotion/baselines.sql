-- One row per baseline of a backtest, on all its sales: how its error differs from the model's.
SELECT baseline, n, error_difference, error_difference_low, verdict
FROM modeling.baselines
WHERE backtest_id = $backtest_id AND slice = 'all' AND baseline <> 'model' AND verdict IS NOT NULL
ORDER BY error_difference, baseline
