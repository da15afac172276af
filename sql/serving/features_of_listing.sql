-- One row per source whose listing has a row in the feature matrix: as a sale, or as it stood today.
SELECT *
FROM features.matrix
WHERE listing_key = $listing_key
ORDER BY as_of DESC, property_key
