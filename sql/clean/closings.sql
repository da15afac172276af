-- One row per closed listing: its first version that said Closed with a price and a date.
SELECT *
FROM clean.listing_versions
WHERE standard_status = 'Closed' AND close_price IS NOT NULL AND close_date IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY source, listing_key ORDER BY known_at, row_hash, file_hash, record_number
) = 1
ORDER BY known_at, source, listing_key
