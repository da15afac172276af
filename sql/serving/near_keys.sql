-- One row per listing whose key begins as the one that was asked for, or is a slip of the pen away.
-- A key of digits only has a neighbour at almost every second slip: short keys are allowed one.
WITH keys AS (
    SELECT
        listing_key,
        starts_with(upper(listing_key), upper($listing_key)) AND length($listing_key) >= $least_begin
            AS begins,
        CASE WHEN length($listing_key) > $short_key THEN 2 ELSE 1 END AS most_slips
    FROM (SELECT DISTINCT listing_key FROM clean.listings)
    WHERE length($listing_key) > 0
),
measured AS (
    SELECT
        listing_key,
        begins,
        most_slips,
        CASE WHEN abs(length(listing_key) - length($listing_key)) <= most_slips
            THEN damerau_levenshtein(upper(listing_key), upper($listing_key))
        END AS slips
    FROM keys
)
SELECT listing_key
FROM measured
WHERE begins OR slips <= most_slips
ORDER BY NOT begins, slips, listing_key
LIMIT $most
