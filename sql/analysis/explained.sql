-- One row per home that is valued today, and per sale of the two newest months: among them are all
-- rows that `explained_homes` may take.
WITH newest AS (
    SELECT date_trunc('month', max(close_date)) - INTERVAL 1 MONTH AS since
    FROM features.matrix
    WHERE role = 'sale'
)
SELECT matrix.*
FROM features.matrix AS matrix
CROSS JOIN newest
WHERE matrix.role IN ('active', 'property')
    OR (matrix.role = 'sale' AND matrix.close_date >= newest.since)
