-- One row is one source: its versions, listings, sales, and when they became known.
SELECT
    l.source,
    count(*) AS n_versions,
    count(DISTINCT l.listing_key) AS n_listings,
    (SELECT count(*) FROM sales AS s WHERE s.source = l.source) AS n_sales,
    min(l.known_at)::DATE AS first_known_on,
    max(l.known_at)::DATE AS last_known_on
FROM staging.listings AS l
GROUP BY l.source
ORDER BY l.source
