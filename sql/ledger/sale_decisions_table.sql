-- One row is what was decided of one sale: to learn from it or not, whatever the rules say; added, never changed.
-- ruled_out_by, rule_ids, rule_version: what the rules said of it when the decision was made.
CREATE TABLE IF NOT EXISTS ledger.sale_decisions (
    decision_number BIGINT,
    decision_id VARCHAR,
    decided_at TIMESTAMP,
    decided_by VARCHAR,
    run_id VARCHAR,
    verb VARCHAR,
    reason VARCHAR,
    source VARCHAR,
    listing_key VARCHAR,
    property_key VARCHAR,
    close_date DATE,
    close_price DOUBLE,
    ruled_out_by VARCHAR,
    rule_ids VARCHAR[],
    rule_version VARCHAR
)
