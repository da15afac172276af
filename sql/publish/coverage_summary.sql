-- One row is one month of one area: what was listed, sold and delivered there, and how full it is.
-- A listing counts in the month in which it was listed (without a date: closed, or became known), a
-- sale in the month in which it closed, a staged version or a row kept out in the month in which it
-- became known. Shares of filled fields are of the listings, each in its latest version.
WITH last_word AS (
    SELECT file_hash, record_number
    FROM staging.listings
    QUALIFY row_number() OVER (
        PARTITION BY source, listing_key
        ORDER BY known_at DESC, row_hash DESC, file_hash DESC, record_number DESC
    ) = 1
),
latest AS (
    SELECT
        coalesce(l.mls_area_minor, l.mls_area_major, l.postal_code, l.city, $no_area) AS _area,
        date_trunc(
            'month', coalesce(l.listing_contract_date, l.close_date, l.known_at::DATE)
        )::DATE AS _month,
        l.source AS _source,
        l.* EXCLUDE (file_hash, record_number, line_number, source, row_hash, known_at, flags)
    FROM staging.listings AS l
    JOIN last_word USING (file_hash, record_number)
),
listed AS (
    SELECT
        _month AS month,
        _area AS area,
        count(*) AS n_listings,
        count(COLUMNS('^([a-z].*)$')) / count(*) AS '\1_share'
    FROM latest
    GROUP BY ALL
),
sold AS (
    SELECT date_trunc('month', close_date)::DATE AS month, _area AS area, count(*) AS n_sales
    FROM latest
    WHERE close_date IS NOT NULL AND close_price IS NOT NULL
    GROUP BY ALL
),
delivered AS (
    SELECT
        date_trunc('month', known_at)::DATE AS month,
        coalesce(mls_area_minor, mls_area_major, postal_code, city, $no_area) AS area,
        count(*) AS n_versions
    FROM staging.listings
    GROUP BY ALL
),
kept_out AS (
    SELECT
        date_trunc('month', q.known_at)::DATE AS month,
        coalesce(l._area, $no_area) AS area,
        count(*) AS n_quarantined
    FROM staging.quarantine AS q
    LEFT JOIN latest AS l ON l._source = q.source AND l.listing_key = q.listing_key
    WHERE q.resolution <> 'released'
    GROUP BY ALL
),
places AS (
    SELECT month, area FROM listed
    UNION
    SELECT month, area FROM sold
    UNION
    SELECT month, area FROM delivered
    UNION
    SELECT month, area FROM kept_out
)
SELECT
    p.month,
    p.area,
    coalesce(l.n_listings, 0) AS n_listings,
    coalesce(s.n_sales, 0) AS n_sales,
    coalesce(d.n_versions, 0) AS n_versions,
    coalesce(k.n_quarantined, 0) AS n_quarantined,
    coalesce(k.n_quarantined, 0) / nullif(
        coalesce(d.n_versions, 0) + coalesce(k.n_quarantined, 0), 0
    ) AS quarantine_share,
    l.* EXCLUDE (month, area, n_listings)
FROM places AS p
LEFT JOIN listed AS l ON l.month IS NOT DISTINCT FROM p.month AND l.area = p.area
LEFT JOIN sold AS s ON s.month IS NOT DISTINCT FROM p.month AND s.area = p.area
LEFT JOIN delivered AS d ON d.month IS NOT DISTINCT FROM p.month AND d.area = p.area
LEFT JOIN kept_out AS k ON k.month IS NOT DISTINCT FROM p.month AND k.area = p.area
ORDER BY p.month NULLS LAST, p.area
