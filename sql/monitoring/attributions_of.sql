-- One row per month and feature of one track, what values come from, against the reference that it has now.
SELECT * FROM monitoring.attributions WHERE track = $track AND reference = $reference
