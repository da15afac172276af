-- One row per place that has a shape within $radius_km: km to the nearest, 0 inside of one.
SELECT places.place_number, min(ST_Distance(places.point, shapes.shape)) AS value
FROM places
JOIN shapes ON ST_DWithin(places.point, shapes.shape, $radius_km)
GROUP BY places.place_number
