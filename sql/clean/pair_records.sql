-- One row per record, as pairs of records are compared.
SELECT
    *,
    concat_ws(' ', prefix, street_name, suffix) AS street,
    parcel IS NOT NULL OR address_key IS NOT NULL AS named,
    coalesce(unit, '') AS unit_or_none,
    round(latitude, 4) || ' ' || round(longitude, 4) AS cell
FROM told
