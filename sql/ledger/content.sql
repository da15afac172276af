-- One row is a file that changed staging, under which mapping and rules.
SELECT file_hash, mapping_hash, rules_version, rows_staged, rows_quarantined
FROM ledger.files
WHERE status = 'staged'
ORDER BY ALL
