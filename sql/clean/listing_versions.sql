-- One row per accepted version of a listing, with the home it is of and how long it was the latest known.
WITH told AS (
    SELECT
        *,
        coalesce(
            nullif(trim(unparsed_address), ''),
            nullif(concat_ws(' ', street_number, street_dir_prefix, street_name, street_suffix), '')
        ) AS raw_address
    FROM staging.listings
)
SELECT
    links.property_key,
    told.* EXCLUDE (raw_address),
    links.identity_evidence,
    links.address_key,
    links.unit,
    links.evidence AS link_evidence,
    links.score AS link_score,
    told.known_at AS valid_from,
    lead(told.known_at) OVER (
        PARTITION BY told.source, told.listing_key
        ORDER BY told.known_at, told.row_hash, told.file_hash, told.record_number
    ) AS valid_to
FROM told
JOIN clean.property_links AS links
    ON links.source = told.source
    AND links.listing_key = told.listing_key
    AND links.parcel_number IS NOT DISTINCT FROM told.parcel_number
    AND links.raw_address IS NOT DISTINCT FROM told.raw_address
    AND links.unit_number IS NOT DISTINCT FROM told.unit_number
    AND links.city IS NOT DISTINCT FROM told.city
    AND links.postal_code IS NOT DISTINCT FROM told.postal_code
    AND links.county_or_parish IS NOT DISTINCT FROM told.county_or_parish
    AND links.state_or_province IS NOT DISTINCT FROM told.state_or_province
    AND links.latitude IS NOT DISTINCT FROM told.latitude
    AND links.longitude IS NOT DISTINCT FROM told.longitude
