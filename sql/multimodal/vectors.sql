-- One row is one photo with its numbers, as one network sees it.
SELECT photo_hash, embedding
FROM multimodal.embeddings
WHERE backbone = $backbone AND preprocessing = $preprocessing AND status = 'ok'
ORDER BY photo_hash
