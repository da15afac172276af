-- One row is one source in raw; its cells are not shown, since they name agents and owners.
SELECT source, count(*) AS n_files, sum(rows_read - rows_malformed)::BIGINT AS n_rows
FROM ledger.files
WHERE status = 'staged'
GROUP BY source
ORDER BY source
