-- One row per listing that is asked for: its latest version that was known before $as_of.
SELECT *
FROM clean.listing_versions
WHERE listing_key IN (SELECT unnest($listing_keys))
    AND known_at < $as_of
    -- A record of a deletion often names the listing and nothing else.
    AND standard_status IS DISTINCT FROM 'Delete'
QUALIFY row_number() OVER (
    PARTITION BY source, listing_key ORDER BY known_at DESC, row_hash DESC, file_hash DESC, record_number DESC
) = 1
