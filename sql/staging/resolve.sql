-- One row of `decided` is one quarantined record with what was decided of it.
UPDATE staging.quarantine AS q
SET
    resolution = d.resolution,
    rule_ids = d.rule_ids,
    rule_versions = d.rule_versions,
    detail = d.detail,
    mapping = d.mapping,
    mapping_hash = d.mapping_hash,
    listing_key = d.listing_key,
    known_at = d.known_at,
    standard_status = d.standard_status
FROM decided AS d
WHERE q.quarantine_id = d.quarantine_id
