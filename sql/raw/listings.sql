-- One row is one whole record as it came: every cell as text under its own heading.
SELECT *
FROM read_parquet($parts, union_by_name = TRUE)
WHERE file_hash IN (SELECT file_hash FROM ledger.files WHERE status = 'staged')
