-- One row per key that is asked for and home that it names.
SELECT DISTINCT 'listing_key' AS kind, listing_key AS key, property_key, source
FROM clean.listings
WHERE listing_key IN (SELECT unnest($listing_keys))
UNION
SELECT 'property_key', property_key, property_key, source
FROM clean.properties
WHERE property_key IN (SELECT unnest($property_keys))
UNION
SELECT 'parcel_number', regexp_replace(upper(parcel_number), '[^A-Z0-9]', '', 'g'), property_key, source
FROM clean.properties
WHERE regexp_replace(upper(parcel_number), '[^A-Z0-9]', '', 'g') IN (SELECT unnest($parcel_numbers))
ORDER BY kind, key, property_key
