-- One row per thing that is held now: what, since when, by whom and why.
SELECT what, set_at, set_by, reason
FROM operations.holds
QUALIFY row_number() OVER (PARTITION BY what ORDER BY set_at DESC) = 1 AND verb = 'add'
ORDER BY what
