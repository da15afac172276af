-- One row is one record that was kept out, as it came, with every rule that it breaks.
CREATE TABLE IF NOT EXISTS staging.quarantine (
    file_hash VARCHAR,
    file_name VARCHAR,
    line_number BIGINT,
    record_number BIGINT,
    raw_text VARCHAR,
    rule_ids VARCHAR[],
    rule_versions VARCHAR[],
    detail VARCHAR,
    source VARCHAR,
    resolution VARCHAR,
    listing_key VARCHAR,
    known_at TIMESTAMP,
    standard_status VARCHAR
)
