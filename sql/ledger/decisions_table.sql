-- One row is what was decided of one quarantined row, or of one source; added, never changed.
-- rule_ids: what the row broke until then; found_rule_ids: what it still breaks after a retry.
-- fate: whether a row that left quarantine is staged, or told nothing new.
CREATE TABLE IF NOT EXISTS ledger.decisions (
    decision_id VARCHAR,
    decided_at TIMESTAMP,
    decided_by VARCHAR,
    run_id VARCHAR,
    verb VARCHAR,
    reason VARCHAR,
    source VARCHAR,
    quarantine_id VARCHAR,
    file_hash VARCHAR,
    file_name VARCHAR,
    record_number BIGINT,
    line_number BIGINT,
    text_hash VARCHAR,
    rule_ids VARCHAR[],
    rule_versions VARCHAR[],
    rules_version VARCHAR,
    mapping VARCHAR,
    mapping_hash VARCHAR,
    outcome VARCHAR,
    fate VARCHAR,
    found_rule_ids VARCHAR[],
    found_rule_versions VARCHAR[]
)
