-- One row per sale in a track's matrix: when it closed, when it was known, and whether it may teach.
SELECT role, close_date, known_at, as_of, excluded_by, hedonic_log_value
FROM query_table($matrix)
WHERE role = 'sale'
