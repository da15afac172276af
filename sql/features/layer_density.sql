-- One row per place that has shapes within $radius_km: how many of them per square km around it.
SELECT places.place_number, count(*) / (pi() * $radius_km * $radius_km) AS value
FROM places
JOIN shapes ON ST_DWithin(places.point, shapes.shape, $radius_km)
GROUP BY places.place_number
