-- One row per way in which a listing named its home, as first known: what links are made from.
WITH told AS (
    SELECT
        source,
        listing_key,
        parcel_number,
        coalesce(
            nullif(trim(unparsed_address), ''),
            nullif(concat_ws(' ', street_number, street_dir_prefix, street_name, street_suffix), '')
        ) AS raw_address,
        unit_number,
        city,
        postal_code,
        county_or_parish,
        latitude,
        longitude,
        state_or_province,
        property_type,
        property_sub_type,
        living_area,
        lot_size_square_feet,
        year_built,
        bedrooms_total,
        coalesce(bathrooms_total, bathrooms_full + 0.5 * coalesce(bathrooms_half, 0)) AS bathrooms,
        known_at,
        row_hash,
        file_hash,
        record_number
    FROM staging.listings
),
first_told AS (
    SELECT *
    FROM told
    QUALIFY row_number() OVER (
        PARTITION BY source, listing_key, parcel_number, raw_address, unit_number, city, postal_code,
            county_or_parish, state_or_province, latitude, longitude
        ORDER BY known_at, row_hash, file_hash, record_number
    ) = 1
)
SELECT
    first_told.* EXCLUDE (row_hash, file_hash, record_number),
    addresses.parse_status,
    addresses.address_key,
    addresses.unit,
    addresses.street_number,
    addresses.street_dir_prefix,
    addresses.street_name,
    addresses.street_suffix,
    addresses.library_version
FROM first_told
LEFT JOIN clean.addresses
    ON addresses.raw_address = first_told.raw_address
    AND addresses.unit_number IS NOT DISTINCT FROM first_told.unit_number
    AND addresses.city IS NOT DISTINCT FROM first_told.city
    AND addresses.postal_code IS NOT DISTINCT FROM first_told.postal_code
    AND addresses.state_or_province IS NOT DISTINCT FROM first_told.state_or_province
ORDER BY first_told.known_at, first_told.source, first_told.listing_key, first_told.row_hash, first_told.file_hash,
    first_told.record_number
