-- One row is one quarantined record that is older than its name: mapping and name come from the
-- ledger.
UPDATE staging.quarantine AS q
SET
    mapping = f.mapping,
    mapping_hash = f.mapping_hash,
    quarantine_id = md5(concat_ws('|', q.file_hash, f.mapping_hash, q.record_number))[1:16]
FROM (
    SELECT file_hash, first(mapping ORDER BY arrived_at) AS mapping,
        first(mapping_hash ORDER BY arrived_at) AS mapping_hash
    FROM ledger.files
    WHERE status = 'staged'
    GROUP BY file_hash
) AS f
WHERE q.file_hash = f.file_hash AND q.quarantine_id IS NULL
