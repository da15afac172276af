-- One row is one photo of a batch that has no row yet, whoever else embedded it meanwhile.
SELECT n.*
FROM incoming_embeddings AS n
WHERE NOT EXISTS (
    SELECT 1
    FROM multimodal.embeddings AS e
    WHERE e.photo_hash = n.photo_hash
        AND e.backbone = n.backbone
        AND e.preprocessing = n.preprocessing
)
