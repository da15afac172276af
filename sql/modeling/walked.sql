-- One row per sale of a walked month, as predicted out of time on one track.
SELECT *
FROM modeling.walk_forward
WHERE track = $track
