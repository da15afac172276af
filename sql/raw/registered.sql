-- One row is one file whose cells stand in raw.
SELECT DISTINCT file_hash FROM ledger.files WHERE status = 'staged' ORDER BY file_hash
