-- One row per bet on a sale of one track, against the reference that it has now.
SELECT * FROM monitoring.exchangeability WHERE track = $track AND reference = $reference
