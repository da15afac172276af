-- One row is one figure of publish.coverage_summary beside the same figure counted anew.
WITH last_word AS (
    SELECT
        source,
        listing_key,
        max({
            'a_known_at': known_at,
            'b_row_hash': row_hash,
            'c_file_hash': file_hash,
            'd_record_number': record_number,
            'e_sold': close_date IS NOT NULL AND close_price IS NOT NULL
        }) AS last
    FROM staging.listings
    GROUP BY source, listing_key
),
shares AS (
    UNPIVOT publish.coverage_summary ON COLUMNS('_share$') INTO NAME field VALUE share
)
SELECT 'rows of one month and area' AS what, count(*) AS found, count(DISTINCT (month, area)) AS expected
FROM publish.coverage_summary
UNION ALL
SELECT 'listings', coalesce(sum(n_listings), 0), (SELECT count(*) FROM last_word)
FROM publish.coverage_summary
UNION ALL
SELECT 'sales', coalesce(sum(n_sales), 0), (SELECT count(*) FROM last_word WHERE last.e_sold)
FROM publish.coverage_summary
UNION ALL
SELECT 'staged versions', coalesce(sum(n_versions), 0), (SELECT count(*) FROM staging.listings)
FROM publish.coverage_summary
UNION ALL
SELECT
    'rows kept out',
    coalesce(sum(n_quarantined), 0),
    (SELECT count(*) FROM staging.quarantine WHERE resolution <> 'released')
FROM publish.coverage_summary
UNION ALL
SELECT 'shares outside 0 to 1', count(*) FILTER (WHERE share < 0 OR share > 1), 0
FROM shares
