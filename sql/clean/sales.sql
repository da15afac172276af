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
-- The same home at the same price within a week is one sale told twice, under two keys. The one
-- that was known first stands, whatever is told later.
one_each AS (
    SELECT closings.*
    FROM closings
    ANTI JOIN closings AS earlier
        ON earlier.property_key = closings.property_key
        AND earlier.close_price = closings.close_price
        AND abs(earlier.close_date - closings.close_date) <= 7
        AND (earlier.known_at, earlier.listing_key) < (closings.known_at, closings.listing_key)
),
judged AS (
    SELECT
        *,
        len(list_filter(flags, flag -> list_contains($invalid_sale_flags, flag))) > 0 AS not_a_home,
        close_price < $token_price_usd AS token_price,
        ln(close_price / nullif(living_area, 0)) AS log_price_per_sqft
    FROM one_each
),
-- Past-only: what homes of the same postal code fetched per square foot in the year before.
compared AS (
    SELECT
        *,
        median(log_price_per_sqft) FILTER (NOT not_a_home AND NOT token_price)
            OVER past_year AS area_log_price_per_sqft,
        count(log_price_per_sqft) FILTER (NOT not_a_home AND NOT token_price AND postal_code IS NOT NULL)
            OVER past_year AS n_area_sales
    FROM judged
    WINDOW past_year AS (
        PARTITION BY postal_code ORDER BY known_at
        RANGE BETWEEN INTERVAL 365 DAYS PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING
    )
)
SELECT
    * EXCLUDE (not_a_home, token_price, log_price_per_sqft, area_log_price_per_sqft, n_area_sales, flags, file_hash,
        record_number, line_number, row_hash),
    flags,
    CASE
        WHEN not_a_home THEN 'sale.not_a_home'
        WHEN token_price THEN 'sale.token_price'
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
