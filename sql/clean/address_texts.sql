-- One row per distinct address as it was written: street line, unit, city, state and postal code.
-- A source that gives the parts only gets a line made of them.
SELECT
    raw_address,
    unit_number,
    city,
    postal_code,
    state_or_province,
    count(*) AS n_versions
FROM (
    SELECT
        coalesce(
            nullif(trim(unparsed_address), ''),
            nullif(concat_ws(' ', street_number, street_dir_prefix, street_name, street_suffix), '')
        ) AS raw_address,
        unit_number,
        city,
        postal_code,
        state_or_province
    FROM staging.listings
)
WHERE raw_address IS NOT NULL
GROUP BY ALL
ORDER BY ALL
