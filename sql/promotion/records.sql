-- One row per track: all sales of its headline backtest.
SELECT * FROM modeling.backtests WHERE is_headline AND slice = 'all'
