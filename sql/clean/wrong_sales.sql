-- One row per promise about sales, with how many rows break it.
SELECT 'a sale is of one home that there is' AS promise, count(*) AS n_wrong
FROM clean.sales
ANTI JOIN clean.property_links USING (property_key)
UNION ALL
SELECT 'a listing stands for one sale at most', count(*)
FROM (SELECT 1 FROM clean.sales GROUP BY source, listing_key HAVING count(*) > 1)
UNION ALL
SELECT 'a closed listing is in exactly one sale', count(*)
FROM (
    SELECT closed.source, closed.listing_key
    FROM (
        SELECT DISTINCT source, listing_key
        FROM clean.listing_versions
        WHERE standard_status = 'Closed' AND close_price IS NOT NULL AND close_date IS NOT NULL
    ) AS closed
    LEFT JOIN clean.sale_listings AS told USING (source, listing_key)
    LEFT JOIN clean.sales AS sales
        ON sales.source = told.sale_source AND sales.listing_key = told.sale_listing_key
    GROUP BY closed.source, closed.listing_key
    HAVING count(sales.listing_key) <> 1
)
UNION ALL
SELECT 'the listings of all sales add up to the closed listings',
    abs(
        (SELECT coalesce(sum(n_listings), 0) FROM clean.sales)
        - (
            SELECT count(DISTINCT (source, listing_key))
            FROM clean.listing_versions
            WHERE standard_status = 'Closed' AND close_price IS NOT NULL AND close_date IS NOT NULL
        )
    )
UNION ALL
SELECT 'a copy is of the home of its sale', count(*)
FROM clean.sale_listings AS told
JOIN clean.sales AS sales ON sales.source = told.sale_source AND sales.listing_key = told.sale_listing_key
WHERE sales.property_key <> told.property_key
UNION ALL
SELECT 'a sale is excluded by a rule that there is, or by an analyst', count(*)
FROM clean.sales
WHERE excluded_by IS NOT NULL AND NOT list_contains($rule_ids, excluded_by)
UNION ALL
SELECT 'an analyst wins over every rule', count(*)
FROM clean.sales
WHERE (decision = 'include' AND excluded_by IS NOT NULL) OR (decision = 'exclude' AND excluded_by <> $analyst)
ORDER BY promise
