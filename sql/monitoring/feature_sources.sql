-- One row per feature: its family, and the columns of the listings and sales that it is made of.
SELECT name AS feature, family, source_columns FROM features.registry ORDER BY name
