-- One row is one status, with how many photos have it.
SELECT status, count(*) AS n_photos
FROM multimodal.embeddings
WHERE backbone = $backbone AND preprocessing = $preprocessing
GROUP BY status
ORDER BY status
