-- One row is one of the named files that told of a listing which stands in incoming_keys.
SELECT DISTINCT file_hash
FROM (
    SELECT file_hash, listing_key FROM staging.listings
    UNION ALL
    SELECT file_hash, listing_key FROM staging.quarantine
)
WHERE list_contains($hashes, file_hash)
    AND listing_key IN (SELECT listing_key FROM incoming_keys)
