-- One row is one event, the latest first.
SELECT event_at, kind, file_name, relation, n_rows, reason
FROM ledger.events
ORDER BY event_at DESC, file_name, kind
LIMIT 20
