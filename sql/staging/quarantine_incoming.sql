-- One row is one record that a file brings into quarantine, with a name of its own.
SELECT
    *,
    $mapping AS mapping,
    $mapping_hash AS mapping_hash,
    md5(concat_ws('|', file_hash, $mapping_hash, record_number))[1:16] AS quarantine_id
FROM incoming
