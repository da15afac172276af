-- One row is one outcome of the random samples that were drawn for review.
SELECT 'operations.reviews' AS source, track, coalesce(verdict, 'drawn') AS figure,
    count(*)::DOUBLE AS value, NULL::DOUBLE AS low, NULL::DOUBLE AS high, count(*) AS n,
    count(DISTINCT sample_id)::VARCHAR || ' samples' AS detail
FROM operations.reviews
GROUP BY ALL
ORDER BY track, figure
