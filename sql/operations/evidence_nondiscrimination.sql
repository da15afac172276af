-- One row is one figure of equity: ratio statistics by track, the segments whose median ratio lies
-- farthest from 1, and how many features the models see.
WITH headline AS (
    SELECT DISTINCT backtest_id FROM modeling.backtests WHERE is_headline
),
farthest AS (
    SELECT *
    FROM modeling.evaluation_segments
    SEMI JOIN headline USING (backtest_id)
    WHERE sales = 'valid' AND family <> 'all' AND median_ratio IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY track ORDER BY abs(ln(median_ratio)) DESC, family, segment
    ) <= 5
)
SELECT 'modeling.evaluation_ratio_studies' AS source, track, statistic AS figure, value,
    value_low AS low, value_high AS high, n,
    CASE
        WHEN acceptable IS NULL THEN 'no range'
        ELSE 'range ' || acceptable_low || ' to ' || acceptable_high
            || CASE WHEN acceptable THEN ', met' ELSE ', not met' END
    END AS detail
FROM modeling.evaluation_ratio_studies
SEMI JOIN headline USING (backtest_id)
WHERE sales = 'all' AND NOT trimmed
UNION ALL
SELECT 'modeling.evaluation_segments', track, 'median ratio of ' || family || ' ' || segment,
    median_ratio, median_ratio_low, median_ratio_high, n, 'among the five farthest from 1'
FROM farthest
UNION ALL
SELECT 'features.registry', availability, 'features that models see', count(*), NULL, NULL,
    count(*), string_agg(DISTINCT family, ', ' ORDER BY family)
FROM features.registry
WHERE default_input
GROUP BY availability
ORDER BY source, track, figure
