-- One row per closed sale, however many listings told of it; excluded sales stay, with the rule.
-- A sale is what its first closing version said: what came later must not change earlier rows.
WITH closings AS (
    SELECT *
    FROM clean.listing_versions
    WHERE standard_status = 'Closed' AND close_price IS NOT NULL AND close_date IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY source, listing_key ORDER BY known_at, row_hash, file_hash, record_number
    ) = 1
),
-- The same home at the same price within a week is one sale told twice, under two keys.
told AS (
    SELECT
        *,
        lag(close_date) OVER same_price AS previous_close_date,
        lag(listing_key) OVER same_price AS previous_listing_key
    FROM closings
    WINDOW same_price AS (
        PARTITION BY property_key, close_price ORDER BY close_date, known_at, listing_key
    )
),
one_each AS (
    SELECT * EXCLUDE (previous_close_date, previous_listing_key)
    FROM told
    WHERE previous_close_date IS NULL OR close_date - previous_close_date > 7
),
-- Past-only: what homes of the same postal code fetched per square foot in the year before.
compared AS (
    SELECT
        *,
        ln(close_price / nullif(living_area, 0)) AS log_price_per_sqft,
        median(ln(close_price / nullif(living_area, 0))) OVER past_year AS area_log_price_per_sqft,
        count(*) OVER past_year AS n_area_sales
    FROM one_each
    WINDOW past_year AS (
        PARTITION BY postal_code ORDER BY known_at
        RANGE BETWEEN INTERVAL 365 DAYS PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING
    )
)
SELECT
    * EXCLUDE (log_price_per_sqft, area_log_price_per_sqft, n_area_sales, flags, file_hash,
        record_number, line_number, row_hash),
    flags,
    CASE
        WHEN close_price < $token_price_usd THEN 'sale.token_price'
        WHEN len(list_filter(flags, flag -> list_contains($invalid_sale_flags, flag))) > 0
            THEN 'sale.not_a_home'
        WHEN n_area_sales >= $min_area_sales
            AND log_price_per_sqft < area_log_price_per_sqft - $low_log_ratio
            THEN 'sale.far_below_area'
        WHEN n_area_sales >= $min_area_sales
            AND log_price_per_sqft > area_log_price_per_sqft + $high_log_ratio
            THEN 'sale.far_above_area'
        WHEN n_area_sales >= $min_area_sales
            AND days_on_market <= $unexposed_days
            AND close_price = list_price
            AND log_price_per_sqft < area_log_price_per_sqft - $unexposed_low_log_ratio
            THEN 'sale.not_exposed'
    END AS excluded_by
FROM compared
