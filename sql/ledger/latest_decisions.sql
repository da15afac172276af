-- One row is what one decision did to the rows of one file, or to a source; the latest first.
SELECT decided_at, decided_by, verb, reason, source, file_name, outcome, fate, count(*) AS n_rows
FROM ledger.decisions
GROUP BY ALL
ORDER BY decided_at DESC, file_name, source, outcome, fate
LIMIT 20
