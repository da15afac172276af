-- One row per home whose address may be one that is asked for: the house number is among $numbers.
SELECT
    property_key,
    unparsed_address,
    unit_number,
    postal_code,
    upper(trim(city)) AS city
FROM clean.properties
WHERE list_contains($numbers, trim(string_split(upper(trim(unparsed_address)), ' ')[1], '.,#'))
ORDER BY property_key
