-- One row is one whole record as it came; there is none yet.
SELECT
    NULL::VARCHAR AS file_hash,
    NULL::BIGINT AS record_number,
    NULL::BIGINT AS line_number
WHERE FALSE
