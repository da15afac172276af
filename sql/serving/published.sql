-- One row per source that has a published valuation of the listing on the track.
SELECT
    source, listing_key, property_key, unparsed_address, track, as_of, value, lower_90, upper_90,
    model_version, reason
FROM query_table($valuations)
WHERE listing_key = $listing_key AND track = $track
ORDER BY source
