-- One row per slice of the headline backtest.
SELECT * FROM modeling.backtests WHERE is_headline ORDER BY backtest_id, track, slice
