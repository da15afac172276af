-- One row per track and outcome of the valuations in table $valuations: a value, or the reason why
-- there is none.
SELECT track, coalesce(reason, 'valued') AS outcome, count(*) AS n_homes
FROM query_table($valuations)
GROUP BY track, outcome
ORDER BY track, n_homes DESC, outcome
