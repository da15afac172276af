-- One row is one figure of publish.selected_listings beside the same figure counted anew.
SELECT
    'rows of one listing' AS what,
    count(*) AS found,
    count(DISTINCT (source, listing_key)) AS expected
FROM publish.selected_listings
UNION ALL
SELECT 'staged versions behind them', count(*), (SELECT count(*) FROM publish.selected_listings)
FROM publish.selected_listings
SEMI JOIN staging.listings USING (file_hash, record_number, source, listing_key, row_hash)
UNION ALL
SELECT
    'land, leases and buildings of several homes',
    count(*) FILTER (WHERE list_contains($not_homes, property_type)),
    0
FROM publish.selected_listings
