-- One row per reason why homes have no value; a null reason: those that have one.
SELECT
    reason,
    count(*) AS n,
    count(list_price) AS n_listed,
    median(value) AS median_value,
    max(as_of) AS as_of,
    max(track) AS track,
    max(model_version) AS model_version
FROM serving.valuations
GROUP BY reason
ORDER BY reason NULLS FIRST
