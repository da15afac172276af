-- One row per postal code of the backtest: how far values lay from prices there.
SELECT
    coalesce(postal_code, 'unknown') AS place,
    count(*) AS n,
    median(prediction / close_price - 1) AS median_error,
    median(abs(prediction / close_price - 1)) AS mdape
FROM modeling.predictions
WHERE is_headline AND track = 'off_market'
GROUP BY place
ORDER BY n DESC, place
