-- One row per track that has a headline backtest: all sales of its window.
SELECT * FROM modeling.backtests WHERE is_headline AND slice = 'all' ORDER BY track, backtest_id
