-- One row per active listing, as one track's matrix describes it.
SELECT *
FROM query_table($matrix)
WHERE role = 'active'
