-- One row per home of the feature matrix that wants a value today.
SELECT * FROM features.matrix WHERE role IN ('active', 'property')
