-- One row is one table that a step of a run made or looked at, or a step that makes none: its share.
CREATE TABLE IF NOT EXISTS operations.costs (
    run_id VARCHAR,
    job VARCHAR,
    step VARCHAR,
    asset VARCHAR,
    started_at TIMESTAMP,
    wall_s DOUBLE,
    cpu_s DOUBLE,
    peak_rss_bytes BIGINT,
    n_rows BIGINT,
    table_bytes BIGINT,
    reused BOOLEAN,
    outcome VARCHAR,
    est_cost_usd DOUBLE,
    price_version DATE
)
