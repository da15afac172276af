-- One row per refused file and reason.
SELECT file_name, reason, count(*) AS n
FROM ledger.files
WHERE status IN ('refused', 'blocked')
GROUP BY ALL
ORDER BY file_name, reason
