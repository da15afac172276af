-- One row per place that lies within a shape or on its edge.
SELECT places.place_number, 1.0 AS value
FROM places
JOIN shapes ON ST_Intersects(shapes.shape, places.point)
WHERE ST_Dimension(shapes.shape) = 2
GROUP BY places.place_number
