-- One row is one row that a decision brought from quarantine into staging.
SELECT quarantine_id, verb, rules_version, mapping_hash
FROM ledger.decisions
WHERE fate = 'staged'
ORDER BY ALL
