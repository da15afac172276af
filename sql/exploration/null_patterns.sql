-- One row is one set of fields that are empty together, of a source in a month, with its versions.
SELECT
    source,
    date_trunc('month', known_at)::DATE AS month,
    COLUMNS(
        * EXCLUDE (
            file_hash, record_number, line_number, source, row_hash, known_at, listing_key, flags
        )
    ) IS NULL,
    count(*) AS n_rows
FROM staging.listings
GROUP BY ALL
ORDER BY ALL
