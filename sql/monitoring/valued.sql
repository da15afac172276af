-- One row per home that was asked about: what was said of it; empty where the model abstained.
SELECT
    date_trunc('month', as_of)::DATE AS month,
    false AS in_reference,
    ln(value) AS predicted_log_value,
    (upper_90 - lower_90) / value AS predicted_width_ratio,
    postal_code
FROM query_table($valuations)
WHERE track = $track AND coalesce(reason, '') NOT LIKE 'out of scope%'
