-- One row per valid sale of a month that was predicted out of time.
SELECT
    cutoff AS month,
    coalesce(cutoff + INTERVAL 1 MONTH <= $cutoff, false) AS in_reference,
    ln(prediction) AS predicted_log_value,
    (upper_90 - lower_90) / prediction AS predicted_width_ratio,
    postal_code
FROM judged
WHERE track = $track AND excluded_by IS NULL
