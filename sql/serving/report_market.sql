-- One row: where the sales come from, and over which days they closed.
SELECT
    list(DISTINCT source ORDER BY source) AS sources,
    count(*) AS n_sales,
    min(close_date) AS first_close,
    max(close_date) AS last_close
FROM clean.sales
