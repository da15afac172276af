-- One row is one content, the latest first.
SELECT names, status, relation, n_deliveries, rows_read, rows_staged, rows_quarantined,
    rows_unchanged
FROM ledger.contents
ORDER BY last_arrived_at DESC, file_hash
LIMIT 20
