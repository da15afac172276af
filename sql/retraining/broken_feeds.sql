-- One row per critical alert on what comes in (a feed, or how many rows come) that is not resolved.
SELECT alert_id, sentence
FROM monitoring.alerts
WHERE kind IN ('feed', 'rows') AND severity = 'critical' AND state <> 'resolved'
ORDER BY alert_id
