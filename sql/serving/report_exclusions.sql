-- One row per rule that keeps sales out of training.
SELECT rule_id, count(*) AS n_sales
FROM clean.exclusions
GROUP BY rule_id
ORDER BY n_sales DESC, rule_id
