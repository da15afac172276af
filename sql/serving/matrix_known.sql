-- One row per sale of the feature matrix that was known before $as_of.
SELECT * FROM features.matrix WHERE role = 'sale' AND known_at < $as_of AND close_date < $as_of
