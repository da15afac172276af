-- One row is one whole backup of this home, where it was put and what it holds; added, never changed.
CREATE TABLE IF NOT EXISTS operations.backups (
    backup_id VARCHAR,
    made_at TIMESTAMP,
    path VARCHAR,
    manifest_sha256 VARCHAR,
    fingerprint VARCHAR,
    n_tables BIGINT,
    n_files BIGINT,
    n_linked BIGINT,
    total_bytes BIGINT,
    duration_s DOUBLE,
    action_id VARCHAR
)
