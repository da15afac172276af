-- One row per promise about homes, with how many rows break it.
SELECT 'units of a building are homes of their own' AS promise, count(*) AS n_wrong
FROM (
    SELECT 1
    FROM clean.listing_versions
    WHERE unit IS NOT NULL
    GROUP BY property_key
    HAVING count(DISTINCT unit) > 1
)
UNION ALL
SELECT 'every staged version has its home',
    abs((SELECT count(*) FROM staging.listings) - (SELECT count(property_key) FROM clean.listing_versions))
UNION ALL
SELECT 'every link says on what evidence, and how sure it is', count(*)
FROM clean.property_links
WHERE evidence IS NULL
    OR (evidence <> 'first' AND (score IS NULL OR matched_listing_key IS NULL OR len(agreed) = 0))
UNION ALL
SELECT 'every address that was written has a parse status', count(*)
FROM clean.addresses
WHERE parse_status IS NULL OR (parse_status = 'parsed') <> (address_key IS NOT NULL)
UNION ALL
SELECT 'a version ends where the next begins', count(*)
FROM clean.listing_versions
WHERE valid_to < valid_from
ORDER BY promise
