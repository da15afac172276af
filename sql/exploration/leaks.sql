-- One row is one warning of a kind of leak.
SELECT source, field, n_rows, sentence
FROM exploration.findings
WHERE report = 'leakage' AND severity = 'warn' AND kind = $kind
ORDER BY number
