-- One row is a sale that goes by a listing key, its own or that of a listing that told of it again.
SELECT source, listing_key, property_key, close_date, close_price, unparsed_address, ruled_out_by, rule_ids, excluded_by
FROM clean.sales
WHERE (listing_key = $key OR list_contains(other_listing_keys, $key)) AND ($source IS NULL OR source = $source)
ORDER BY source, listing_key, close_date
