-- One row is the last decision on each of the named quarantined records.
SELECT *
FROM ledger.decisions
WHERE list_contains($ids, quarantine_id)
QUALIFY row_number() OVER (PARTITION BY quarantine_id ORDER BY decided_at DESC) = 1
