-- One row per table: what it was made from and what it holds now.
CREATE TABLE IF NOT EXISTS ledger.builds (
    table_name VARCHAR,
    input_hash VARCHAR,
    output_hash VARCHAR,
    code_version VARCHAR,
    n_rows BIGINT,
    built_at TIMESTAMP
)
