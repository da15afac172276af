-- One row per way to make an interval, on the headline of track off_market.
SELECT *
FROM modeling.interval_methods
WHERE track = 'off_market'
ORDER BY method <> 'rolling', method, backtest_id
