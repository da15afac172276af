-- One row is one source, and whether its versions have closed: versions, and filled cells by field.
SELECT
    source,
    coalesce(standard_status = 'Closed', FALSE) AS is_closed,
    count(*) AS n_rows,
    count(
        COLUMNS(
            * EXCLUDE (
                file_hash, record_number, line_number, source, row_hash, known_at, listing_key,
                standard_status, mls_status, flags
            )
        )
    )
FROM staging.listings
GROUP BY ALL
ORDER BY ALL
