-- One row: how many shapes and areas a map layer has, and the degrees that it spans.
SELECT
    count(*) AS n_shapes,
    count(*) FILTER (ST_Dimension(shape) = 2) AS n_areas,
    min(ST_XMin(shape)) AS west,
    max(ST_XMax(shape)) AS east,
    min(ST_YMin(shape)) AS south,
    max(ST_YMax(shape)) AS north
FROM degrees
