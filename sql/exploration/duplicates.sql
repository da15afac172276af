-- One row is one group of staged rows that look like the same thing told twice, with the kind.
WITH same_time AS (
    SELECT source, listing_key, known_at, count(*) AS n_rows
    FROM staging.listings
    GROUP BY source, listing_key, known_at
    HAVING count(DISTINCT row_hash) > 1
),
spelled AS (
    SELECT
        source,
        ltrim(upper(regexp_replace(listing_key, '[^0-9A-Za-z]', '', 'g')), '0') AS plain_key,
        listing_key
    FROM latest_listings
),
placed AS (
    SELECT
        source,
        listing_key,
        upper(regexp_replace(unparsed_address, '[^0-9A-Za-z]', '', 'g'))
            || '|' || coalesce(upper(unit_number), '')
            || '|' || coalesce(postal_code, upper(city), '') AS place,
        listing_contract_date,
        living_area,
        list_price
    FROM latest_listings
    WHERE unparsed_address IS NOT NULL
),
sold AS (
    SELECT p.source, p.listing_key, p.place, s.close_date, s.close_price
    FROM placed AS p
    JOIN sales AS s USING (source, listing_key)
)
SELECT 'same_time' AS kind, source, n_rows, [listing_key] AS keys
FROM same_time
UNION ALL
SELECT 'near_key', source, count(*), list_sort(list(listing_key))[:4]
FROM spelled
WHERE plain_key <> ''
GROUP BY source, plain_key
HAVING count(*) > 1
UNION ALL
SELECT 'one_sale_twice', source, count(*), list_sort(list(listing_key))[:4]
FROM sold
WHERE close_date IS NOT NULL
GROUP BY source, place, close_date, close_price
HAVING count(*) > 1
UNION ALL
SELECT 'one_listing_twice', source, count(*), list_sort(list(listing_key))[:4]
FROM placed
WHERE listing_contract_date IS NOT NULL
GROUP BY source, place, listing_contract_date, living_area, list_price
HAVING count(*) > 1
UNION ALL
SELECT 'one_parcel_twice', source, count(*), list_sort(list(listing_key))[:4]
FROM sales
WHERE parcel_number IS NOT NULL AND close_date IS NOT NULL
GROUP BY source, parcel_number, close_date
HAVING count(*) > 1
UNION ALL
SELECT
    'between_sources',
    string_agg(DISTINCT source, ' and ' ORDER BY source),
    count(*),
    [listing_key]
FROM latest_listings
GROUP BY listing_key
HAVING count(DISTINCT source) > 1
ORDER BY kind, source, keys
