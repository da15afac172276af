-- One row is one decision on one quarantined record, the first one first.
SELECT decided_at, decided_by, verb, reason, outcome, fate, rules_version, mapping, mapping_hash,
    rule_ids, rule_versions, found_rule_ids, found_rule_versions, text_hash, run_id
FROM ledger.decisions
WHERE quarantine_id = $quarantine_id
ORDER BY decided_at, verb
