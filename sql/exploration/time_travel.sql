-- One row is one staged version whose times cannot all be true, once for each way.
-- A day of grace: dates are local, and known_at is UTC.
WITH travelled AS (
    SELECT
        source,
        listing_key,
        known_at,
        unnest(
            list_filter(
                [
                    CASE
                        WHEN standard_status = 'Closed'
                            AND close_date > known_at + INTERVAL 1 DAY
                            THEN 'closed_before_its_date'
                    END,
                    CASE
                        WHEN coalesce(standard_status, '') <> 'Closed'
                            AND close_price IS NOT NULL
                            THEN 'price_before_the_close'
                    END,
                    CASE
                        WHEN coalesce(standard_status, '') <> 'Coming Soon'
                            AND listing_contract_date > known_at + INTERVAL 1 DAY
                            THEN 'known_before_listed'
                    END,
                    CASE
                        WHEN modification_timestamp > known_at + INTERVAL 1 DAY
                            THEN 'changed_after_known'
                    END,
                    CASE
                        WHEN year_renovated > year(known_at) THEN 'renovated_later'
                    END,
                    CASE
                        WHEN tax_year > year(known_at) THEN 'taxed_later'
                    END,
                    CASE
                        WHEN listing_contract_date + days_on_market
                            > known_at + INTERVAL 2 DAY
                            THEN 'counts_days_to_come'
                    END
                ],
                lambda way: way IS NOT NULL
            )
        ) AS way
    FROM staging.listings
)
SELECT
    source,
    way,
    count(*) AS n_rows,
    list_sort(list(DISTINCT listing_key))[:5] AS keys
FROM travelled
GROUP BY ALL
ORDER BY ALL
