-- One row per accepted version of a listing, with the home it is of.
-- The key of a home depends on the row alone, so that later rows cannot change earlier ones.
WITH named AS (
    SELECT
        *,
        nullif(regexp_replace(upper(coalesce(unparsed_address, '')), '[^A-Z0-9]+', ' ', 'g'), '') AS street,
        nullif(regexp_replace(upper(coalesce(unit_number, '')), '[^A-Z0-9]+', '', 'g'), '') AS unit
    FROM staging.listings
),
identified AS (
    SELECT
        * EXCLUDE (street, unit),
        CASE
            WHEN parcel_number IS NOT NULL THEN 'parcel ' || parcel_number
            WHEN street IS NOT NULL
                THEN 'address ' || trim(street) || coalesce(' #' || unit, '')
                    || ' ' || coalesce(postal_code, upper(city), '')
            WHEN latitude IS NOT NULL AND longitude IS NOT NULL
                THEN printf('place %.5f %.5f', latitude, longitude)
            ELSE 'listing ' || listing_key
        END AS identity_evidence
    FROM named
)
SELECT
    md5(source || ' ' || identity_evidence)[1:16] AS property_key,
    *
FROM identified
