-- One row per listing whose key is within $most_edits slips of the pen of what was asked for.
SELECT listing_key
FROM (SELECT DISTINCT listing_key FROM clean.listings)
WHERE abs(length(listing_key) - length($listing_key)) <= $most_edits
    AND damerau_levenshtein(upper(listing_key), upper($listing_key)) <= $most_edits
ORDER BY damerau_levenshtein(upper(listing_key), upper($listing_key)), listing_key
LIMIT $most
