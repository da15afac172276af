-- One row per sale: when it closed, and when it became known.
SELECT close_date, known_at FROM clean.sales
