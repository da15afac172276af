-- One row is one incoming record that tells nothing new, or that reopens a sold listing.
-- unchanged: the same content is staged for that key, or stands earlier in the file, at the same
-- time or as the version next to it in time. reopened: the listing was sold before that time, or
-- was known as sold when the file was made whose last word on it this is.
WITH earlier AS (
    SELECT listing_key, known_at, row_hash, standard_status, 0 AS is_new, record_number
    FROM staging.listings
    WHERE source = $source
        AND listing_key IN (SELECT listing_key FROM incoming_rows)
),
sold_earlier AS (
    SELECT listing_key, min(known_at) AS first_sold_at
    FROM (
        SELECT listing_key, known_at FROM earlier WHERE standard_status = 'Closed'
        UNION ALL
        SELECT listing_key, known_at
        FROM staging.quarantine
        WHERE source = $source
            AND standard_status = 'Closed'
            AND file_hash <> $file_hash
            AND listing_key IN (SELECT listing_key FROM incoming_rows)
    )
    GROUP BY listing_key
),
several AS (
    SELECT listing_key
    FROM (
        SELECT listing_key FROM incoming_rows
        UNION ALL
        SELECT DISTINCT listing_key FROM earlier
        UNION ALL
        SELECT listing_key FROM sold_earlier
    )
    GROUP BY listing_key
    HAVING count(*) > 1
),
versions AS (
    SELECT * FROM earlier
    UNION ALL
    SELECT listing_key, known_at, row_hash, standard_status, 1 AS is_new, record_number
    FROM incoming_rows
    WHERE listing_key IN (SELECT listing_key FROM several)
),
ordered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY listing_key, known_at, row_hash ORDER BY is_new, record_number
        ) > 1 AS is_twin,
        lag(row_hash) OVER in_time AS hash_before,
        lead(row_hash) OVER in_time AS hash_after,
        lead(is_new) OVER in_time AS new_after,
        max(CASE WHEN standard_status = 'Closed' THEN 1 ELSE 0 END) OVER (
            PARTITION BY listing_key
            ORDER BY known_at, is_new, record_number
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS sold_before,
        is_new = 1 AND row_number() OVER (
            PARTITION BY listing_key, is_new ORDER BY known_at DESC, record_number DESC
        ) = 1 AS is_last_word
    FROM versions
    WINDOW in_time AS (PARTITION BY listing_key ORDER BY known_at, is_new, record_number)
)
SELECT
    o.record_number,
    o.is_twin
        OR coalesce(o.row_hash = o.hash_before, FALSE)
        OR coalesce(o.row_hash = o.hash_after AND o.new_after = 0, FALSE) AS unchanged,
    o.standard_status NOT IN ('Closed', 'Delete')
        AND (
            coalesce(o.sold_before, 0) = 1
            OR coalesce(s.first_sold_at < o.known_at, FALSE)
            OR coalesce(o.is_last_word AND s.first_sold_at <= $file_made_at, FALSE)
        ) AS reopened
FROM ordered AS o
LEFT JOIN sold_earlier AS s ON s.listing_key = o.listing_key
WHERE o.is_new = 1
    AND (unchanged OR reopened)
