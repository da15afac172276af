-- One row is one month: listings, sales and rows kept out, all areas together.
SELECT
    strftime(month, '%Y-%m') AS month,
    sum(n_listings)::BIGINT AS n_listings,
    sum(n_sales)::BIGINT AS n_sales,
    sum(n_quarantined)::BIGINT AS n_quarantined
FROM publish.coverage_summary
WHERE month IS NOT NULL
GROUP BY ALL
ORDER BY month
