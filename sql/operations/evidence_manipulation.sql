-- One row is one count of what came in and of what was kept out of the market's evidence.
SELECT 'ledger.files' AS source, NULL AS track, 'files ' || status AS figure,
    count(*)::DOUBLE AS value, NULL::DOUBLE AS low, NULL::DOUBLE AS high, count(*) AS n,
    sum(rows_read)::VARCHAR || ' rows read' AS detail
FROM ledger.files
GROUP BY status
UNION ALL
SELECT 'staging.quarantine', NULL, 'rows in quarantine: ' || resolution, count(*), NULL, NULL,
    count(*), 'kept with their raw text and the rules they break'
FROM staging.quarantine
GROUP BY resolution
UNION ALL
SELECT 'clean.exclusions', NULL, 'sales excluded by ' || rule_id, count(*), NULL, NULL, count(*),
    any_value(reason)
FROM clean.exclusions
GROUP BY rule_id
ORDER BY source, figure
