-- One row: valid sales of a track's matrix that became known from the champion's cutoff until today.
SELECT count(*) AS n
FROM query_table($matrix)
WHERE role = 'sale' AND excluded_by IS NULL AND known_at >= $since AND known_at < $today
