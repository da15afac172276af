-- One row is one stratum of the clean sample: how many listings it gave.
SELECT stratum, count(*) AS n_listings
FROM publish.clean_samples
GROUP BY stratum
ORDER BY stratum
