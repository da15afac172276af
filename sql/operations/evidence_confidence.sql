-- One row is one figure of the headline backtest of a track, with its interval.
SELECT 'modeling.backtests' AS source, track, figure, seen.value AS value, seen.low AS low,
    seen.high AS high, n, slice || ', ' || window_from || ' to ' || window_to AS detail
FROM modeling.backtests,
    unnest([
        {'name': 'MdAPE', 'value': mdape, 'low': mdape_low, 'high': mdape_high},
        {'name': 'PPE10', 'value': ppe10, 'low': ppe10_low, 'high': ppe10_high},
        {'name': 'coverage at 90%', 'value': coverage_90, 'low': coverage_90_low,
            'high': coverage_90_high},
        {'name': 'median ratio', 'value': median_ratio, 'low': median_ratio_low,
            'high': median_ratio_high}
    ]) AS figures(seen),
    LATERAL (SELECT seen.name AS figure)
WHERE is_headline AND slice IN ('all', 'valid')
ORDER BY track, slice, figure
