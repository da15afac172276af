-- One row per track that sees the listing: how many active listings it values, and how many not.
SELECT track, count(value) AS n_valued, count(*) - count(value) AS n_without
FROM serving.listing_valuations
GROUP BY track
ORDER BY track
