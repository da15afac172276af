-- One row is one delivery, without what differs from run to run.
SELECT file_hash, file_name, source, mapping_hash, status, rows_read, rows_staged,
    rows_quarantined, rows_unchanged, other_lines, reason, relation, relation_of
FROM ledger.files
ORDER BY ALL
