-- One row is one listing that closed with a price, as its first closing version tells it.
SELECT *
FROM staging.listings
WHERE standard_status = 'Closed' AND close_price > 0
QUALIFY row_number() OVER (
    PARTITION BY source, listing_key ORDER BY known_at, file_hash, record_number
) = 1
