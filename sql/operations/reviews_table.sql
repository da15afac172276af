-- One row is a home that was drawn for review (verdict: none), or what a reviewer said of it.
CREATE TABLE IF NOT EXISTS operations.reviews (
    review_id VARCHAR,
    sample_id VARCHAR,
    home_id VARCHAR,
    seed BIGINT,
    track VARCHAR,
    source VARCHAR,
    listing_key VARCHAR,
    property_key VARCHAR,
    as_of DATE,
    value DOUBLE,
    lower_90 DOUBLE,
    upper_90 DOUBLE,
    model_version VARCHAR,
    verdict VARCHAR,
    reviewer VARCHAR,
    note VARCHAR,
    written_at TIMESTAMP
)
