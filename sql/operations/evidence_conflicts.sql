-- One row is one kind of decision: who takes it, and how often.
SELECT 'promotion.decisions' AS source, name AS track,
    verdict || ' by ' || decided_by || coalesce(', ' || approval, '') AS figure,
    count(*)::DOUBLE AS value, NULL::DOUBLE AS low, NULL::DOUBLE AS high, count(*) AS n,
    'newest: ' || max(decided_at)::DATE AS detail
FROM promotion.decisions
GROUP BY ALL
UNION ALL
SELECT 'operations.actions', NULL, verb || ' by ' || acted_by, count(*), NULL, NULL, count(*),
    'newest: ' || max(acted_at)::DATE
FROM operations.actions
GROUP BY ALL
ORDER BY source, track, figure
