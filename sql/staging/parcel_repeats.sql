-- One row is one incoming record of the roll that tells nothing new.
-- unchanged: the same content is staged for that key, or stands earlier in the file. A roll tells
-- no time of change, so content that comes back after another is taken for a repeat too.
SELECT
    i.record_number,
    TRUE AS unchanged,
    FALSE AS reopened
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY listing_key, row_hash ORDER BY record_number) > 1 AS is_twin
    FROM incoming_rows
) AS i
WHERE i.is_twin
    OR EXISTS (
        SELECT 1
        FROM staging.parcels AS p
        WHERE p.source = $source AND p.record_key = i.listing_key AND p.row_hash = i.row_hash
    )
