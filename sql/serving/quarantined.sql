-- One row per quarantined record whose raw text names a listing key.
SELECT file_name, line_number, rule_ids
FROM staging.quarantine
WHERE contains(raw_text, $listing_key)
ORDER BY file_name, line_number
LIMIT 1
