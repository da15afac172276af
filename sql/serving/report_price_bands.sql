-- One row per band of sold price, equal in number of sales: at most $most_bands bands, and no more
-- than leaves each $min_sales sales.
WITH ranked AS (
    SELECT
        close_price,
        prediction,
        lower_90 <= close_price AND close_price <= upper_90 AS inside,
        row_number() OVER (ORDER BY close_price, listing_key, prediction) - 1 AS place,
        count(*) OVER () AS n_all
    FROM modeling.predictions
    WHERE is_headline AND track = 'off_market'
),
banded AS (
    SELECT
        *,
        place * greatest(least(n_all // $min_sales, $most_bands), 1) // n_all AS band
    FROM ranked
)
SELECT
    band + 1 AS band,
    count(*) AS n,
    min(close_price) AS price_from,
    max(close_price) AS price_to,
    median(prediction) AS median_prediction,
    median(abs(prediction / close_price - 1)) AS mdape,
    count(*) FILTER (inside) / count(*) AS coverage_90
FROM banded
GROUP BY band
ORDER BY band
