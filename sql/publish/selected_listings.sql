-- One row is one selected listing: its latest version, of a home, with a price and a living area.
SELECT
    source,
    listing_key,
    file_hash,
    record_number,
    row_hash,
    known_at,
    date_trunc('month', coalesce(listing_contract_date, close_date, known_at::DATE))::DATE AS month,
    coalesce(mls_area_minor, mls_area_major, postal_code, city, $no_area) AS area,
    property_type,
    standard_status,
    coalesce(close_price, list_price) AS price
FROM staging.listings
QUALIFY row_number() OVER (
        PARTITION BY source, listing_key
        ORDER BY known_at DESC, row_hash DESC, file_hash DESC, record_number DESC
    ) = 1
    AND NOT coalesce(list_contains($not_homes, property_type), FALSE)
    AND coalesce(close_price, list_price) IS NOT NULL
    AND living_area IS NOT NULL
ORDER BY source, listing_key
