-- One row is one population of a rescoring: how many values changed, and by how much.
SELECT
    population,
    count(*) AS n,
    count(*) FILTER (stored_value IS DISTINCT FROM value) AS n_changed,
    count(*) FILTER (value IS NULL) AS n_without_value,
    median(relative_difference) AS median_relative_difference,
    median(abs(relative_difference)) AS median_absolute_change,
    max(abs(relative_difference)) AS widest_change,
    count(*) FILTER (abs(relative_difference) > 0.1) AS n_moved_by_a_tenth,
    count(*) FILTER (in_training) AS n_in_training
FROM rescored
GROUP BY population
ORDER BY population
