-- Rows of photos whose bytes were gone, and that a batch tells of anew.
DELETE FROM multimodal.embeddings AS e
USING incoming_embeddings AS n
WHERE e.photo_hash = n.photo_hash
    AND e.backbone = n.backbone
    AND e.preprocessing = n.preprocessing
    AND e.status = 'gone'
