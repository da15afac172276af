-- One row per table asked for: the hash of what it holds.
SELECT table_name, output_hash
FROM ledger.builds
WHERE list_contains($tables, table_name)
ORDER BY table_name
