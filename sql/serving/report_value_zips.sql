-- One row per postal code of the valued homes.
SELECT coalesce(postal_code, 'unknown') AS place, count(*) AS n, median(value) AS median_value
FROM serving.valuations
WHERE value IS NOT NULL
GROUP BY place
ORDER BY n DESC, place
