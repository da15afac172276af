-- One row per backtested sale, at most $most of them, the same ones every time.
SELECT close_price, prediction, excluded_by IS NOT NULL AS excluded, latitude, longitude
FROM modeling.predictions
WHERE is_headline AND track = 'off_market'
ORDER BY md5(listing_key), listing_key, close_date, prediction
LIMIT $most
