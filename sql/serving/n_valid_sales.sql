-- One row: how many closed sales a model may learn from.
SELECT count(*) AS n FROM clean.sales WHERE excluded_by IS NULL
