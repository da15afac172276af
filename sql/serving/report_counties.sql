-- One row per county in which homes were sold, the busiest first.
SELECT county_or_parish AS county, state_or_province AS state, count(*) AS n_sales
FROM clean.sales
WHERE county_or_parish IS NOT NULL
GROUP BY ALL
ORDER BY n_sales DESC, county, state
