-- One row is what a bill says of one day and service; a later bill of the same takes its place.
CREATE TABLE IF NOT EXISTS operations.bills (
    day DATE,
    service VARCHAR,
    billed_usd DOUBLE,
    file_name VARCHAR,
    file_hash VARCHAR,
    line_number BIGINT,
    imported_at TIMESTAMP,
    imported_by VARCHAR
)
