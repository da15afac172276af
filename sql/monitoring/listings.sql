-- One row per listing as it was first seen, before today; in_reference: before the champion's cutoff.
WITH newest AS (
    SELECT file_hash
    FROM staging.listings
    WHERE known_at < $today
    ORDER BY known_at DESC, file_hash DESC
    LIMIT 1
)
SELECT
    date_trunc('month', known_at)::DATE AS month,
    coalesce(known_at < $cutoff, false) AS in_reference,
    file_hash IN (SELECT file_hash FROM newest) AS in_newest_delivery,
    *
FROM staging.listings
WHERE known_at < $today
QUALIFY row_number() OVER (
    PARTITION BY source, listing_key ORDER BY known_at, file_hash, record_number
) = 1
