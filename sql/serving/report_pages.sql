-- One row per page of a table that names its files; of the exploration only its overview.
SELECT name, path
FROM query_table($pages)
WHERE path LIKE '%.html' AND (path NOT LIKE '%/exploration/%' OR name = 'overview')
ORDER BY path
