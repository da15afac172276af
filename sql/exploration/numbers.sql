-- One row is one filled numeric cell of a listing that is for sale or sold, in its latest version.
-- Leases are left out: a rent among prices would make every price look odd.
UNPIVOT (
    SELECT
        source,
        list_price,
        original_list_price,
        close_price,
        days_on_market::DOUBLE AS days_on_market,
        cumulative_days_on_market::DOUBLE AS cumulative_days_on_market,
        latitude,
        longitude,
        living_area,
        lot_size_square_feet,
        year_built::DOUBLE AS year_built,
        year_renovated::DOUBLE AS year_renovated,
        bedrooms_total::DOUBLE AS bedrooms_total,
        bathrooms_full::DOUBLE AS bathrooms_full,
        bathrooms_half::DOUBLE AS bathrooms_half,
        bathrooms_total,
        stories_total,
        garage_spaces,
        view_score::DOUBLE AS view_score,
        condition_score::DOUBLE AS condition_score,
        grade_score::DOUBLE AS grade_score,
        above_grade_finished_area,
        below_grade_finished_area,
        neighbor_living_area,
        neighbor_lot_size,
        association_fee,
        tax_annual_amount,
        tax_year::DOUBLE AS tax_year,
        photos_count::DOUBLE AS photos_count
    FROM latest_listings
    WHERE property_type IS DISTINCT FROM 'Residential Lease'
)
ON COLUMNS(* EXCLUDE (source))
INTO NAME field VALUE value
