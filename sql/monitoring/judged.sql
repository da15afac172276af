-- One row per sale of a month that was predicted out of time: by the headline where it covers the
-- month, else by the backtest that somebody asked for.
SELECT *
FROM modeling.predictions
WHERE cutoff < $today
QUALIFY dense_rank() OVER (PARTITION BY track, cutoff ORDER BY is_headline DESC, backtest_id) = 1
