-- One row per table: what it was made from and what it holds.
SELECT table_name, input_hash, output_hash, code_version
FROM ledger.builds
ORDER BY table_name
