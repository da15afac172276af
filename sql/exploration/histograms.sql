-- One row is one of up to 24 equal bins between the 1st and 99th percentile of a field of a source.
WITH ends AS (
    SELECT
        source,
        field,
        quantile_disc(value, 0.01) AS low,
        quantile_disc(value, 0.99) AS high
    FROM numbers
    GROUP BY ALL
)
SELECT
    e.source,
    e.field,
    e.low,
    e.high,
    least(
        CASE
            WHEN e.low > 0 AND e.high > 20 * e.low
                THEN floor(24 * ln(n.value / e.low) / ln(e.high / e.low))
            ELSE floor(24 * (n.value - e.low) / (e.high - e.low))
        END,
        23
    )::INTEGER AS bin,
    count(*) AS n_rows
FROM ends AS e
JOIN numbers AS n
    ON n.source = e.source AND n.field = e.field AND n.value BETWEEN e.low AND e.high
WHERE e.low < e.high
GROUP BY ALL
ORDER BY ALL
