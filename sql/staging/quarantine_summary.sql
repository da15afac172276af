-- One row is one rule that keeps rows out, with how many of each source, and what was decided.
SELECT rule_id, source, resolution, count(*) AS n_rows
FROM (SELECT unnest(rule_ids) AS rule_id, source, resolution FROM staging.quarantine)
GROUP BY ALL
ORDER BY n_rows DESC, rule_id, source, resolution
LIMIT 20
