-- One row is one thing that the home let go of: its class, path or id, bytes, age and policy.
-- state: removing (written before it goes) or removed.
CREATE TABLE IF NOT EXISTS operations.retention (
    action_id VARCHAR,
    class VARCHAR,
    item VARCHAR,
    n_bytes BIGINT,
    age_days DOUBLE,
    policy_sha256 VARCHAR,
    state VARCHAR,
    removed_at TIMESTAMP
)
