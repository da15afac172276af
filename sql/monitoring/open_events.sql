-- One row per event that a channel has still to be told of, and per attempt to tell of it; oldest first.
WITH told AS (
    SELECT about, list(DISTINCT channel) AS channels
    FROM monitoring.alert_events
    WHERE event = 'sent'
    GROUP BY about
),

waiting AS (
    SELECT events.event_id
    FROM monitoring.alert_events AS events
    LEFT JOIN told ON told.about = events.event_id
    WHERE len(events.due) > 0 AND NOT list_has_all(coalesce(told.channels, []), events.due)
)

SELECT *
FROM monitoring.alert_events
WHERE event_id IN (SELECT event_id FROM waiting) OR about IN (SELECT event_id FROM waiting)
ORDER BY noted_at, event_id
