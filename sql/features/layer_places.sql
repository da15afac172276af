-- One row per place that is asked for, in km as layer_shapes.sql.
CREATE OR REPLACE TEMP TABLE places AS
SELECT
    place_number,
    ST_Point(longitude * $narrowing * $km_per_degree, latitude * $km_per_degree) AS point
FROM asked
