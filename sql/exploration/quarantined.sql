-- One row is one rule that keeps records of a source out of staging, with how many.
SELECT source, rule_id, count(*) AS n_rows
FROM (SELECT coalesce(source, 'unknown') AS source, unnest(rule_ids) AS rule_id FROM staging.quarantine)
GROUP BY ALL
ORDER BY source, n_rows DESC, rule_id
