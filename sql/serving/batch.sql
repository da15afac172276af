-- One row per home of the standing batch of a track, with what the champion said of it.
SELECT
    track,
    as_of,
    source,
    property_key,
    listing_key,
    model_version AS champion_version,
    value AS champion_value
FROM query_table($valuations)
WHERE track = $track
