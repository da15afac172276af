-- One row: how many wanted photos there are, and what is wrong with their rows.
WITH mine AS (
    SELECT *
    FROM multimodal.embeddings
    WHERE backbone = $backbone AND preprocessing = $preprocessing
)
SELECT
    (SELECT count(*) FROM wanted) AS n_wanted,
    (SELECT count(*) FROM wanted WHERE photo_hash NOT IN (SELECT photo_hash FROM mine)) AS n_missing,
    count(*) - count(DISTINCT photo_hash) AS n_twice,
    count(*) FILTER (WHERE status <> 'ok') AS n_without,
    count(*) FILTER (WHERE (status = 'ok') <> (embedding IS NOT NULL)) AS n_unlike_status,
    count(*) FILTER (
        WHERE n_dims IS DISTINCT FROM len(embedding)
        OR n_dims <> (SELECT mode(n_dims) FROM mine)
    ) AS n_wrong_size,
    count(*) FILTER (
        WHERE len(list_filter(embedding, lambda x: x IS NULL OR NOT isfinite(x))) > 0
    ) AS n_not_finite
FROM mine
