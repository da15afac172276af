-- One row per quarantined record of a listing, the latest first. Malformed records have no key of
-- their own: there, a cell of the raw text must be the key.
SELECT file_name, line_number, rule_ids
FROM staging.quarantine
WHERE resolution IN ('open', 'discarded')
    AND (
        listing_key = $listing_key
        OR (
            listing_key IS NULL
            AND list_contains(
                list_transform(string_split_regex(raw_text, '[,;|\t]'), cell -> trim(cell, ' "''')),
                $listing_key
            )
        )
    )
ORDER BY listing_key IS NULL, known_at DESC NULLS LAST, file_name, line_number
LIMIT 1
