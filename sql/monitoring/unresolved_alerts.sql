-- One row is one alert that nobody has resolved, the most urgent first.
SELECT alert_id, severity, state, kind, opened_on, snoozed_until, owner, sentence, runbook
FROM monitoring.alerts
WHERE state <> 'resolved'
ORDER BY severity, opened_on, alert_id
