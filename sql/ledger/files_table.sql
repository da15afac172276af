-- One row is one delivery of a file, whatever came of it.
CREATE TABLE IF NOT EXISTS ledger.files (
    delivery_id VARCHAR,
    file_hash VARCHAR,
    file_name VARCHAR,
    source VARCHAR,
    mapping VARCHAR,
    mapping_hash VARCHAR,
    encoding VARCHAR,
    delimiter VARCHAR,
    n_bytes BIGINT,
    rows_read BIGINT,
    rows_malformed BIGINT,
    rows_staged BIGINT,
    rows_quarantined BIGINT,
    rows_unchanged BIGINT,
    other_lines BIGINT,
    status VARCHAR,
    reason VARCHAR,
    rules_version VARCHAR,
    arrived_at TIMESTAMP,
    run_id VARCHAR,
    duration_s DOUBLE
)
