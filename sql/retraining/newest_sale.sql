-- One row: the newest closing day among valid sales that are known.
SELECT max(close_date) AS newest
FROM clean.sales
WHERE known_at < $today
