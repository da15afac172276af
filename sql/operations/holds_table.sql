-- One row is a legal hold that was put on something or taken off it (verb); added, never changed.
CREATE TABLE IF NOT EXISTS operations.holds (
    hold_id VARCHAR,
    set_at TIMESTAMP,
    set_by VARCHAR,
    verb VARCHAR,
    what VARCHAR,
    reason VARCHAR
)
