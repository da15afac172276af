-- One row is one figure of publish.clean_samples beside the same figure counted anew.
SELECT
    'rows of one listing' AS what,
    count(*) AS found,
    count(DISTINCT (source, listing_key)) AS expected
FROM publish.clean_samples
UNION ALL
SELECT 'selected listings behind them', count(*), (SELECT count(*) FROM publish.clean_samples)
FROM publish.clean_samples
SEMI JOIN publish.selected_listings USING (file_hash, record_number, source, listing_key)
UNION ALL
SELECT 'flagged rows', count(*), 0
FROM publish.clean_samples
SEMI JOIN (SELECT file_hash, record_number FROM staging.listings WHERE len(flags) > 0)
    USING (file_hash, record_number)
UNION ALL
SELECT 'rows above the limit', greatest(count(*) - $most, 0), 0
FROM publish.clean_samples
