-- One row per rule that quarantined rows break: how many.
SELECT rule_id, count(*) AS n_rows
FROM (
    SELECT unnest(rule_ids) AS rule_id
    FROM staging.quarantine
    WHERE resolution IN ('open', 'discarded')
)
GROUP BY rule_id
ORDER BY n_rows DESC, rule_id
LIMIT 10
