-- One row per outcome of a valuation: a value, or the reason why there is none.
SELECT coalesce(reason, 'valued') AS outcome, count(*) AS n_homes
FROM serving.valuations
GROUP BY outcome
ORDER BY n_homes DESC, outcome
