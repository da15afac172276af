-- One row is one value of a window that the champion of then and the champion of now both gave.
-- population: published (as it stands in serving) or sale (of the headline backtest). in_training:
-- the champion of now has learned from that sale, so the difference says nothing of its accuracy.
CREATE TABLE IF NOT EXISTS operations.rescored (
    rescore_id VARCHAR,
    track VARCHAR,
    population VARCHAR,
    listing_key VARCHAR,
    property_key VARCHAR,
    as_of DATE,
    stored_value DOUBLE,
    stored_version VARCHAR,
    value DOUBLE,
    lower_90 DOUBLE,
    upper_90 DOUBLE,
    model_version VARCHAR,
    difference_usd DOUBLE,
    relative_difference DOUBLE,
    in_training BOOLEAN,
    reason VARCHAR
)
