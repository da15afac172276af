-- One row is one severity, with how many findings have it.
SELECT severity, count(*) AS n_findings
FROM exploration.findings
GROUP BY severity
ORDER BY severity
