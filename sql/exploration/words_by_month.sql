-- One row is one word of a text field among the listings of a source first seen in a month; an
-- empty cell is a word of its own.
WITH chosen AS (
    SELECT
        source,
        date_trunc('month', known_at)::DATE AS month,
        property_type,
        property_sub_type,
        city,
        county_or_parish,
        postal_code,
        mls_area_major,
        mls_area_minor,
        architectural_style,
        elementary_school_district,
        pool_private_yn::VARCHAR AS pool_private_yn,
        waterfront_yn::VARCHAR AS waterfront_yn
    FROM first_seen
),
cells AS (
    FROM chosen UNPIVOT INCLUDE NULLS (value FOR field IN (COLUMNS(* EXCLUDE (source, month))))
)
SELECT source, field, month, value, count(*) AS n_rows
FROM cells
GROUP BY ALL
ORDER BY ALL
