-- One row is one reason why listings are not selected (the first that applies): how many.
WITH last_word AS (
    SELECT
        source,
        listing_key,
        max({
            'a_known_at': known_at,
            'b_row_hash': row_hash,
            'c_file_hash': file_hash,
            'd_record_number': record_number,
            'e_reason': CASE
                WHEN list_contains($not_homes, property_type) THEN 'not a home'
                WHEN coalesce(close_price, list_price) IS NULL THEN 'no price'
                WHEN living_area IS NULL THEN 'no living area'
                ELSE 'selected'
            END
        }) AS last
    FROM staging.listings
    GROUP BY source, listing_key
)
SELECT last.e_reason AS reason, count(*) AS n_listings
FROM last_word
GROUP BY reason
ORDER BY reason
