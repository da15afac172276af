-- One row per home that is asked for: its latest version that was known before $as_of.
SELECT *
FROM clean.listing_versions
WHERE property_key IN (SELECT unnest($property_keys))
    AND known_at < $as_of
    -- A record of a deletion often names the listing and nothing else.
    AND standard_status IS DISTINCT FROM 'Delete'
QUALIFY row_number() OVER (
    PARTITION BY property_key ORDER BY known_at DESC, row_hash DESC, file_hash DESC, record_number DESC
) = 1
