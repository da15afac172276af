-- One row per baseline of the headline of track off_market, all sales; the model is one of them.
SELECT baselines.*
FROM modeling.baselines AS baselines
SEMI JOIN (
    SELECT backtest_id FROM modeling.backtests WHERE is_headline AND track = 'off_market'
) AS headline USING (backtest_id)
WHERE baselines.slice = 'all'
ORDER BY baselines.baseline <> 'model', baselines.mdape NULLS LAST, baselines.baseline
