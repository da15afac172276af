-- One row is one listing of a source as it was first seen.
SELECT *
FROM staging.listings
QUALIFY row_number() OVER (
    PARTITION BY source, listing_key ORDER BY known_at, file_hash, record_number
) = 1
