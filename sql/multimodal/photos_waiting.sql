-- One row is one wanted photo that has no numbers yet, and no reason to have none; one whose bytes
-- were gone is looked for again.
SELECT w.photo_hash, w.path
FROM wanted AS w
WHERE NOT EXISTS (
    SELECT 1
    FROM multimodal.embeddings AS e
    WHERE e.photo_hash = w.photo_hash
        AND e.backbone = $backbone
        AND e.preprocessing = $preprocessing
        AND e.status <> 'gone'
)
ORDER BY w.photo_hash
