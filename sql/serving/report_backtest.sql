-- One row per slice of the backtest.
SELECT * FROM modeling.backtests ORDER BY backtest_id, track, slice
