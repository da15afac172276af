-- One row is one selected listing of a small sample: its version as staged, without any flag.
-- Strata are month and price band. Listings of a stratum are in the order of their hash; first every
-- stratum gives one, then each gives a second, until there are enough.
WITH eligible AS (
    SELECT
        strftime(s.month, '%Y-%m') || ' ' || CASE
            WHEN s.price < 150000 THEN 'below 150,000'
            WHEN s.price < 300000 THEN '150,000 to 300,000'
            WHEN s.price < 500000 THEN '300,000 to 500,000'
            WHEN s.price < 1000000 THEN '500,000 to 1,000,000'
            ELSE '1,000,000 and more'
        END AS stratum,
        md5(s.source || ' ' || s.listing_key) AS draw,
        s.file_hash,
        s.record_number
    FROM publish.selected_listings AS s
    JOIN staging.listings AS l USING (file_hash, record_number)
    WHERE len(l.flags) = 0
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY stratum ORDER BY draw) AS turn FROM eligible
),
drawn AS (
    SELECT stratum, file_hash, record_number FROM ranked ORDER BY turn, draw, stratum LIMIT $most
)
SELECT d.stratum, l.* EXCLUDE (flags)
FROM drawn AS d
JOIN staging.listings AS l USING (file_hash, record_number)
ORDER BY l.source, l.listing_key
