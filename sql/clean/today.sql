-- One row: the day after the latest moment at which anything became known.
SELECT CAST(max(known_at) AS DATE) + 1 AS today FROM staging.listings
