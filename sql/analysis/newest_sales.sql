-- One row per valid sale of the matrix that had a market to be compared with: the $most latest.
WITH latest AS (
    SELECT *
    FROM features.matrix
    WHERE role = 'sale' AND excluded_by IS NULL AND hedonic_log_value IS NOT NULL
    ORDER BY as_of DESC, listing_key DESC, property_key DESC, close_price DESC
    LIMIT $most
)
SELECT * FROM latest ORDER BY as_of, listing_key, property_key, close_price
