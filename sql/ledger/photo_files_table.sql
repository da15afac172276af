-- One row is one photo file that came: a name and the bytes under it, and what the bytes say.
CREATE TABLE IF NOT EXISTS ledger.photo_files (
    file_name VARCHAR,
    photo_hash VARCHAR,
    path VARCHAR,
    n_bytes BIGINT,
    width INTEGER,
    height INTEGER,
    format VARCHAR,
    exif_orientation TINYINT,
    phash UBIGINT,
    status VARCHAR,
    detail VARCHAR,
    readings STRUCT(listing_key VARCHAR, photo_order INTEGER, room VARCHAR)[],
    arrived_at TIMESTAMP,
    run_id VARCHAR
)
