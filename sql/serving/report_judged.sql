-- One row per rule by which backtested sales are excluded from training.
SELECT excluded_by AS rule_id, count(*) AS n_judged
FROM modeling.predictions
WHERE excluded_by IS NOT NULL AND is_headline AND track = 'off_market'
GROUP BY excluded_by
ORDER BY excluded_by
