-- One row per sale of the headline backtest of a track, predicted out of time.
SELECT * FROM modeling.predictions WHERE is_headline AND track = $track
