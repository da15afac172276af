-- One row per month of the newest vintage of the market index.
SELECT vintage, month, index_log, n_sales, forecast
FROM features.market_index
WHERE vintage = (SELECT max(vintage) FROM features.market_index)
ORDER BY month
