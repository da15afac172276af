-- One row is one content that is a photo of a listing and can be read: what is to be embedded.
SELECT photo_hash, min(path) AS path
FROM staging.photos
WHERE photo_hash IS NOT NULL AND NOT list_has_any(findings, $barred)
GROUP BY photo_hash
ORDER BY photo_hash
