-- One row is one record that was kept out, as it came, with every rule that it breaks.
-- Rows are added and never removed. resolution is what was decided last (ledger.decisions); rules,
-- mapping and key are those of the latest reading.
CREATE TABLE IF NOT EXISTS staging.quarantine (
    quarantine_id VARCHAR,
    file_hash VARCHAR,
    file_name VARCHAR,
    line_number BIGINT,
    record_number BIGINT,
    raw_text VARCHAR,
    rule_ids VARCHAR[],
    rule_versions VARCHAR[],
    detail VARCHAR,
    source VARCHAR,
    mapping VARCHAR,
    mapping_hash VARCHAR,
    resolution VARCHAR,
    listing_key VARCHAR,
    known_at TIMESTAMP,
    standard_status VARCHAR
)
