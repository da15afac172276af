-- One row per sale that was known before $as_of.
SELECT * FROM clean.sales WHERE known_at < $as_of AND close_date < $as_of
