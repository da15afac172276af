-- One row per home ($by_home), or per listing of each source, that is asked for ($keys): its latest
-- version that was known before $as_of, and whether its listing had been deleted by then.
WITH known AS (
    SELECT *, CASE WHEN $by_home THEN property_key ELSE listing_key END AS asked_key
    FROM clean.listing_versions
    WHERE known_at < $as_of
),
told AS (
    SELECT * EXCLUDE (asked_key)
    FROM known
    WHERE asked_key IN (SELECT unnest($keys))
        -- A record of a deletion often names the listing and nothing else.
        AND standard_status IS DISTINCT FROM 'Delete'
    QUALIFY row_number() OVER (
        PARTITION BY asked_key, CASE WHEN NOT $by_home THEN source END
        ORDER BY known_at DESC, row_hash DESC, file_hash DESC, record_number DESC
    ) = 1
),
deletions AS (
    SELECT source, listing_key, max(known_at) AS deleted_at
    FROM known
    WHERE standard_status = 'Delete'
    GROUP BY source, listing_key
)
SELECT told.*, coalesce(deletions.deleted_at >= told.known_at, false) AS deleted
FROM told
LEFT JOIN deletions ON told.source = deletions.source AND told.listing_key = deletions.listing_key
