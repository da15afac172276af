-- One row is one decision, without what differs from run to run.
SELECT verb, decided_by, reason, source, quarantine_id, rules_version, mapping_hash, outcome, fate,
    found_rule_ids, found_rule_versions
FROM ledger.decisions
ORDER BY ALL
