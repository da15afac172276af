-- One row per valid sale of a month that was predicted out of time: its value, the half width of the
-- central 68% (log points), its error in these, and the day on which both price and close were known.
WITH known AS (
    SELECT listing_key, close_date, min(known_at) AS known_at
    FROM clean.sales
    WHERE known_at IS NOT NULL
    GROUP BY listing_key, close_date
)
SELECT
    judged.track,
    judged.cutoff,
    judged.listing_key,
    judged.close_date,
    greatest(judged.close_date, known.known_at::DATE) AS ready_on,
    judged.prediction,
    judged.close_price,
    greatest(asinh(judged.fsd), 0.001) AS half_log,
    ln(judged.close_price / judged.prediction) / greatest(asinh(judged.fsd), 0.001) AS score
FROM judged
JOIN known ON known.listing_key = judged.listing_key AND known.close_date = judged.close_date
WHERE judged.excluded_by IS NULL
    AND judged.fsd IS NOT NULL
    AND known.known_at < $today
ORDER BY judged.track, ready_on, judged.close_date, judged.listing_key
