-- One row per thing that a command was about to remove when it was killed.
SELECT action_id, class, item
FROM operations.retention
WHERE state = 'removing'
ORDER BY ALL
