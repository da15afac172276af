-- One row is one rule that keeps rows out, with how many of each source.
SELECT rule_id, source, count(*) AS n_rows
FROM (SELECT unnest(rule_ids) AS rule_id, source FROM staging.quarantine)
GROUP BY ALL
ORDER BY n_rows DESC, rule_id, source
LIMIT 20
