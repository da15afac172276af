-- One row per listing that is asked for: its latest version that was known before $as_of, and whether
-- its listing had been deleted by then.
WITH told AS (
    SELECT *
    FROM clean.listing_versions
    WHERE listing_key IN (SELECT unnest($listing_keys))
        AND known_at < $as_of
        -- A record of a deletion often names the listing and nothing else.
        AND standard_status IS DISTINCT FROM 'Delete'
    QUALIFY row_number() OVER (
        PARTITION BY source, listing_key
        ORDER BY known_at DESC, row_hash DESC, file_hash DESC, record_number DESC
    ) = 1
),
deletions AS (
    SELECT source, listing_key, max(known_at) AS deleted_at
    FROM clean.listing_versions
    WHERE standard_status = 'Delete' AND known_at < $as_of
    GROUP BY source, listing_key
)
SELECT told.*, coalesce(deletions.deleted_at >= told.known_at, false) AS deleted
FROM told
LEFT JOIN deletions ON told.source = deletions.source AND told.listing_key = deletions.listing_key
