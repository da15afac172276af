-- One row per source that knows the listing: its latest version.
SELECT source, listing_key, property_key, unparsed_address, standard_status, property_type
FROM clean.listings
WHERE listing_key = $listing_key
ORDER BY source
