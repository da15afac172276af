-- One row is one listing of a source as its latest version tells it.
SELECT *
FROM staging.listings
QUALIFY row_number() OVER (
    PARTITION BY source, listing_key ORDER BY known_at DESC, file_hash DESC, record_number DESC
) = 1
