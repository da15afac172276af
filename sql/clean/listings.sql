-- One row per listing: its latest known version.
SELECT *
FROM clean.listing_versions
QUALIFY row_number() OVER (
    PARTITION BY source, listing_key ORDER BY known_at DESC, row_hash DESC, file_hash DESC, record_number DESC
) = 1
