-- One row is what became of a delivery that is older than the table of events.
SELECT arrived_at AS event_at, status AS kind, file_hash, file_name, n_bytes, source,
    rows_read AS n_rows, reason, delivery_id, run_id
FROM ledger.files
