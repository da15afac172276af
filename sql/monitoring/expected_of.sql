-- One row per month, population and figure of one track: expected and realised.
SELECT * FROM monitoring.expected_errors WHERE track = $track
