-- One row is one source that is blocked now, by whom and why.
SELECT source, decided_by, reason, decided_at
FROM ledger.decisions
WHERE verb IN ('block', 'unblock')
QUALIFY row_number() OVER (PARTITION BY source ORDER BY decided_at DESC) = 1 AND verb = 'block'
ORDER BY source
