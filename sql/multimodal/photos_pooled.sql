-- One row is one photo of one listing that has numbers: in the order that the listing shows them,
-- each content once. What stands under many listings, or looks like an earlier one, is not pooled.
SELECT
    p.source,
    p.listing_key,
    p.photo_hash,
    row_number() OVER (
        PARTITION BY p.source, p.listing_key
        ORDER BY min(p.photo_order) NULLS LAST, min(p.file_name), p.photo_hash
    ) AS place,
    bool_or(len(p.findings) = 0) AS pooled
FROM staging.photos AS p
JOIN multimodal.embeddings AS e
    ON e.photo_hash = p.photo_hash
    AND e.backbone = $backbone
    AND e.preprocessing = $preprocessing
    AND e.status = 'ok'
WHERE NOT list_has_any(p.findings, $barred)
GROUP BY p.source, p.listing_key, p.photo_hash
ORDER BY p.source, p.listing_key, place
