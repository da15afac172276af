-- One row is what someone did to the home as a whole: backup, restore, pause; added, never changed.
-- outcome: done or failed; detail: what came of it, as JSON.
CREATE TABLE IF NOT EXISTS operations.actions (
    action_id VARCHAR,
    acted_at TIMESTAMP,
    acted_by VARCHAR,
    run_id VARCHAR,
    verb VARCHAR,
    target VARCHAR,
    reason VARCHAR,
    outcome VARCHAR,
    detail VARCHAR
)
