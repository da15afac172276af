-- One row per alert that is not resolved, the most urgent first.
SELECT
    alert_id, kind, severity, state, track, population, slice, feature, month, opened_on,
    n_breaches, value, threshold, owner, runbook, cause, sentence, snoozed_until
FROM monitoring.alerts
WHERE state <> 'resolved'
ORDER BY severity, state <> 'open', opened_on, key
