-- One row per alert: the number of its last event (they are counted up for ever), and the newest day that one is of.
SELECT
    alert_id,
    max(split_part(event_id, '-', 2)::BIGINT) AS n_events,
    max(as_of) AS newest
FROM monitoring.alert_events
GROUP BY alert_id
