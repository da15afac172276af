-- One row is one content that was staged: when its file was written, UTC.
SELECT file_hash, min(coalesce(written_at, arrived_at)) AS written_at
FROM ledger.files
WHERE status = 'staged' AND list_contains($hashes, file_hash)
GROUP BY file_hash
