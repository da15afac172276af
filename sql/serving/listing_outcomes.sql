-- One row per track and outcome of a listing's valuation: a value, or the reason why there is none.
SELECT track, coalesce(reason, 'valued') AS outcome, count(*) AS n_listings
FROM serving.listing_valuations
GROUP BY track, outcome
ORDER BY track, n_listings DESC, outcome
