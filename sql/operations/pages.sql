-- One row is one page for people that table $pages names.
SELECT name, path FROM query_table($pages) WHERE path LIKE '%.html' ORDER BY path
