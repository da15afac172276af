-- One row is one thing that happened to a file; rows are added, never changed.
CREATE TABLE IF NOT EXISTS ledger.events (
    event_at TIMESTAMP,
    kind VARCHAR,
    file_hash VARCHAR,
    file_name VARCHAR,
    n_bytes BIGINT,
    source VARCHAR,
    relation VARCHAR,
    relation_of VARCHAR,
    n_rows BIGINT,
    reason VARCHAR,
    delivery_id VARCHAR,
    decision_id VARCHAR,
    run_id VARCHAR
)
