-- One row: the latest version of one listing.
SELECT listing_key, property_key, unparsed_address, standard_status
FROM clean.listings
WHERE listing_key = $listing_key
