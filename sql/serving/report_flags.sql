-- One row per rule that flagged accepted rows, the most frequent first.
SELECT rule_id, count(*) AS n_rows
FROM (SELECT unnest(flags) AS rule_id FROM staging.listings)
GROUP BY rule_id
ORDER BY n_rows DESC, rule_id
