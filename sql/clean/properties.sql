-- One row per home: its attributes as last known, and how often it was seen.
WITH latest AS (
    SELECT *
    FROM clean.listing_versions
    -- A record of a deletion often names the listing and nothing else.
    WHERE standard_status IS DISTINCT FROM 'Delete'
    QUALIFY row_number() OVER (
        PARTITION BY property_key ORDER BY known_at DESC, row_hash DESC, file_hash DESC, record_number DESC
    ) = 1
),
seen AS (
    SELECT
        property_key,
        min(known_at) AS first_known_at,
        count(DISTINCT listing_key) AS n_listings
    FROM clean.listing_versions
    GROUP BY property_key
),
sold AS (
    SELECT property_key, count(*) AS n_sales, max(close_date) AS last_close_date
    FROM clean.sales
    GROUP BY property_key
)
SELECT
    latest.property_key,
    latest.identity_evidence,
    latest.source,
    latest.parcel_number,
    latest.property_type,
    latest.property_sub_type,
    latest.unparsed_address,
    latest.unit_number,
    latest.city,
    latest.state_or_province,
    latest.county_or_parish,
    latest.postal_code,
    latest.subdivision_name,
    latest.mls_area_minor,
    latest.mls_area_major,
    latest.latitude,
    latest.longitude,
    latest.living_area,
    latest.lot_size_square_feet,
    latest.year_built,
    latest.year_renovated,
    latest.bedrooms_total,
    latest.bathrooms_full,
    latest.bathrooms_half,
    latest.bathrooms_total,
    latest.stories_total,
    latest.garage_spaces,
    latest.pool_private_yn,
    latest.waterfront_yn,
    latest.view_score,
    latest.condition_score,
    latest.grade_score,
    latest.above_grade_finished_area,
    latest.below_grade_finished_area,
    latest.neighbor_living_area,
    latest.neighbor_lot_size,
    latest.architectural_style,
    latest.elementary_school_district,
    latest.association_fee,
    latest.tax_annual_amount,
    latest.tax_year,
    latest.listing_key AS latest_listing_key,
    seen.first_known_at,
    latest.known_at AS last_known_at,
    seen.n_listings,
    coalesce(sold.n_sales, 0) AS n_sales,
    sold.last_close_date
FROM latest
JOIN seen USING (property_key)
LEFT JOIN sold USING (property_key)
