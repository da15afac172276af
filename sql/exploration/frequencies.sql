-- One row is one frequent value of a text field of a source; rare values are only counted, since
-- what stands in a single row may be anything.
WITH counted AS (
    SELECT source, field, value, count(*) AS n_rows FROM words GROUP BY ALL
)
SELECT
    *,
    sum(n_rows) OVER (PARTITION BY source, field)::BIGINT AS n_filled,
    count(*) OVER (PARTITION BY source, field) AS n_distinct,
    count(*) FILTER (n_rows = 1) OVER (PARTITION BY source, field) AS n_single
FROM counted
QUALIFY row_number() OVER (PARTITION BY source, field ORDER BY n_rows DESC, value) <= $most
ORDER BY source, field, n_rows DESC, value
