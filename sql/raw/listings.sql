-- One row is one whole record as it came: every cell as text under its own heading.
-- The parts stand below the home, which is the search path of every connection.
SELECT *
FROM read_parquet('raw/*/*.parquet', union_by_name = TRUE)
WHERE file_hash IN (SELECT file_hash FROM ledger.files WHERE status = 'staged')
