-- One row is one month of one area: its listings, and those of them with a photo that can be shown.
WITH shown AS (
    SELECT DISTINCT listing_key
    FROM staging.photos
    WHERE photo_hash IS NOT NULL
        AND listing_key IS NOT NULL
        AND NOT list_contains($unusable, status)
),
latest AS (
    SELECT
        listing_key,
        coalesce(mls_area_minor, mls_area_major, postal_code, city, $no_area) AS area,
        date_trunc('month', coalesce(listing_contract_date, close_date, known_at::DATE))::DATE
            AS month
    FROM staging.listings
    QUALIFY row_number() OVER (
        PARTITION BY source, listing_key
        ORDER BY known_at DESC, row_hash DESC, file_hash DESC, record_number DESC
    ) = 1
)
SELECT l.month, l.area, count(s.listing_key) / count(*) AS with_photos_share
FROM latest AS l
LEFT JOIN shown AS s USING (listing_key)
GROUP BY ALL
ORDER BY ALL
