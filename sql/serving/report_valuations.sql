-- One row per valued home, the dearest $most.
SELECT
    listing_key,
    unparsed_address AS address,
    city,
    postal_code,
    bedrooms_total AS beds,
    bathrooms_total AS baths,
    living_area,
    year_built,
    value,
    lower_90,
    upper_90,
    list_price
FROM serving.valuations
WHERE value IS NOT NULL
ORDER BY value DESC, source, property_key, listing_key
LIMIT $most
