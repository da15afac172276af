-- One row is one filled cell of a text or yes/no field, in the latest version of a listing.
-- Keys and street addresses are left out: they name one home each.
UNPIVOT (
    SELECT
        source,
        property_type,
        property_sub_type,
        standard_status,
        mls_status,
        street_dir_prefix,
        street_suffix,
        city,
        state_or_province,
        county_or_parish,
        postal_code,
        subdivision_name,
        mls_area_minor,
        mls_area_major,
        pool_private_yn::VARCHAR AS pool_private_yn,
        waterfront_yn::VARCHAR AS waterfront_yn,
        architectural_style,
        elementary_school_district
    FROM latest_listings
)
ON COLUMNS(* EXCLUDE (source))
INTO NAME field VALUE value
