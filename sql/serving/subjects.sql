-- One row per home that wants a value: active listings, or all known homes of a source without any.
WITH busy AS (
    SELECT DISTINCT source FROM clean.listings WHERE standard_status = 'Active'
)
SELECT
    'active' AS role,
    source,
    property_key,
    listing_key,
    unparsed_address,
    city,
    postal_code,
    latitude,
    longitude,
    property_type,
    living_area,
    bedrooms_total,
    bathrooms_total,
    year_built,
    list_price
FROM clean.listings
WHERE standard_status = 'Active'
UNION ALL BY NAME
SELECT
    'property' AS role,
    source,
    property_key,
    latest_listing_key AS listing_key,
    unparsed_address,
    city,
    postal_code,
    latitude,
    longitude,
    property_type,
    living_area,
    bedrooms_total,
    bathrooms_total,
    year_built,
    NULL AS list_price
FROM clean.properties
WHERE source NOT IN (SELECT source FROM busy)
