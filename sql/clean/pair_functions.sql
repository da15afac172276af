-- One row per pair is judged with these: distance in km, streets that differ by a slip of the pen,
-- and streets of which one leaves out a direction or suffix but neither says another.
CREATE MACRO distance_km(lat_a, lon_a, lat_b, lon_b) AS
    111.19 * sqrt(pow(lat_a - lat_b, 2) + pow((lon_a - lon_b) * cos(radians(lat_a)), 2));
CREATE MACRO alike(a, b) AS
    a = b OR (
        NOT regexp_matches(a || b, '[0-9]')
        AND damerau_levenshtein(a, b) <= CASE WHEN least(length(a), length(b)) >= 8 THEN 2 ELSE 1 END
        AND least(length(a), length(b)) >= 4
    );
CREATE MACRO same_way(prefix_a, suffix_a, prefix_b, suffix_b) AS
    (prefix_a IS NULL OR prefix_b IS NULL OR prefix_a = prefix_b)
    AND (suffix_a IS NULL OR suffix_b IS NULL OR suffix_a = suffix_b)
