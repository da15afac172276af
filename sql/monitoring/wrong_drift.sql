-- One row per fact of monitoring.drift that cannot be, with what is wrong with it.
WITH told AS (
    SELECT
        *,
        count(*) OVER (
            PARTITION BY track, population, slice, feature, method, month, in_reference
        ) AS n_same,
        CASE method
            WHEN 'psi' THEN value < 0
            WHEN 'row_count' THEN false
            WHEN 'martingale' THEN value < 0
            WHEN 'expected_error' THEN value < 0
            WHEN 'attribution_share' THEN abs(value) > 1
            WHEN 'null_share' THEN abs(value) > 1
            ELSE value NOT BETWEEN 0 AND 1
        END AS outside
    FROM monitoring.drift
)
SELECT
    track, population, slice, feature, method, month, value,
    CASE
        WHEN n_same > 1 THEN 'told twice'
        WHEN outside OR isnan(value) THEN 'out of range'
        WHEN breached <> (severity <> '') OR (breached AND NOT judged) THEN 'judged wrongly'
        WHEN breached <> (n_consecutive > 0) THEN 'counted wrongly'
        ELSE 'without a profile'
    END AS wrong
FROM told
WHERE n_same > 1
    OR coalesce(outside OR isnan(value), false)
    OR breached <> (severity <> '')
    OR (breached AND NOT judged)
    OR breached <> (n_consecutive > 0)
    OR (
        -- What stands for all features, in brackets, has no values of its own; what values come
        -- from names what the model reads, the calendar among it.
        feature NOT LIKE '(%'
        AND method <> 'attribution_share'
        AND NOT in_reference
        AND NOT EXISTS (
            SELECT 1
            FROM monitoring.profile AS profile
            WHERE profile.track = told.track
                AND profile.population = told.population
                AND profile.slice = told.slice
                AND profile.feature = told.feature
                AND profile.month = told.month
                AND NOT profile.in_reference
        )
    )
ORDER BY ALL
