-- One row per slice of the headline backtest.
SELECT * FROM modeling.backtests WHERE is_headline AND track = 'off_market' ORDER BY backtest_id, track, slice
