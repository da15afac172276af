-- One row is one quarantined record that fits all that was asked for; what was not asked is NULL.
SELECT *
FROM staging.quarantine
WHERE ($quarantine_id IS NULL OR starts_with(quarantine_id, $quarantine_id))
    AND ($rule_ids::VARCHAR[] IS NULL OR list_has_any(rule_ids, $rule_ids::VARCHAR[]))
    AND (
        $file IS NULL
        OR file_name = $file
        OR (length($file) >= 8 AND starts_with(file_hash, $file))
        OR file_hash IN (SELECT file_hash FROM ledger.files WHERE file_name = $file)
    )
    AND ($source IS NULL OR source = $source OR mapping = $source)
    AND ($listing_key IS NULL OR listing_key = $listing_key)
    AND ($line_number IS NULL OR line_number = $line_number)
    AND ($resolution IS NULL OR resolution = $resolution)
ORDER BY file_name, file_hash, record_number, quarantine_id
