-- One row never comes: what is asked for are the names of the matrix's columns.
SELECT *
FROM query_table($matrix)
LIMIT 0
