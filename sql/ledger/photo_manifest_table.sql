-- One row is one line of a photo manifest: which listing a file belongs to.
CREATE TABLE IF NOT EXISTS ledger.photo_manifest (
    file_name VARCHAR,
    listing_key VARCHAR,
    photo_order INTEGER,
    room VARCHAR,
    manifest_hash VARCHAR
)
