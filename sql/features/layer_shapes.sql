-- One row per shape of a map layer, in km east and north at the latitude that $narrowing is the cosine of.
CREATE OR REPLACE TEMP TABLE shapes AS
SELECT ST_Affine(shape, $narrowing * $km_per_degree, 0, 0, $km_per_degree, 0, 0) AS shape
FROM degrees
