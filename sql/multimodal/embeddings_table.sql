-- One row is one photo as one network sees it: its numbers, or why there are none.
CREATE TABLE IF NOT EXISTS multimodal.embeddings (
    photo_hash VARCHAR,
    backbone VARCHAR,
    preprocessing VARCHAR,
    status VARCHAR,
    detail VARCHAR,
    n_dims INTEGER,
    embedding FLOAT[],
    embedded_at TIMESTAMP,
    run_id VARCHAR
)
