-- One row per sale of a track's feature matrix that was known before $as_of.
SELECT *
FROM query_table($matrix)
WHERE role = 'sale' AND known_at < $as_of AND close_date < $as_of
