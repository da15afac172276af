-- One row per sale of the backtest.
SELECT * FROM modeling.predictions WHERE backtest_id = $backtest_id
