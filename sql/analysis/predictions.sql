-- One row per sale of a backtest and track.
SELECT * FROM modeling.predictions WHERE track = $track
