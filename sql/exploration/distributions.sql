-- One row is one numeric field of a source: its size, quantiles, extremes and what lies far out.
-- Far out: three interquartile ranges beyond the quartiles, in logarithms for large positive fields.
WITH counted AS (
    SELECT source, field, value, count(*) AS n FROM numbers GROUP BY ALL
),
quantiles AS (
    SELECT
        source,
        field,
        count(*) AS n_rows,
        min(value) AS least_value,
        min(value) > 0 AND quantile_disc(value, 0.75) >= 100 AS in_logs,
        quantile_disc(value, 0.01) AS p01,
        quantile_disc(value, 0.25) AS p25,
        quantile_disc(value, 0.50) AS p50,
        quantile_disc(value, 0.75) AS p75,
        quantile_disc(value, 0.99) AS p99
    FROM numbers
    GROUP BY ALL
),
fences AS (
    SELECT
        *,
        CASE
            WHEN p25 = p75 THEN NULL
            WHEN in_logs THEN p25 * pow(p25 / p75, 3)
            WHEN least_value >= 0 THEN greatest(p25 - 3 * (p75 - p25), 0)
            ELSE p25 - 3 * (p75 - p25)
        END AS fence_low,
        CASE
            WHEN p25 = p75 THEN NULL
            WHEN in_logs THEN p75 * pow(p75 / p25, 3)
            ELSE p75 + 3 * (p75 - p25)
        END AS fence_high
    FROM quantiles
)
SELECT
    f.*,
    count(*) AS n_distinct,
    min(c.value) AS least,
    max(c.value) AS greatest,
    min(c.value, 2)[-1] - min(c.value) AS gap_below,
    max(c.value) - max(c.value, 2)[-1] AS gap_above,
    arg_min(c.n, c.value) AS n_least,
    arg_max(c.n, c.value) AS n_greatest,
    coalesce(sum(c.n) FILTER (c.value < f.fence_low), 0)::BIGINT AS n_below,
    coalesce(sum(c.n) FILTER (c.value > f.fence_high), 0)::BIGINT AS n_above
FROM fences AS f
JOIN counted AS c USING (source, field)
GROUP BY ALL
ORDER BY source, field
