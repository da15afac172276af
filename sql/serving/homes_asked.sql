-- One row per home that wants a value on track off_market. `subjects` are the rows of subjects.sql:
-- who is to be valued is said there and nowhere else.
SELECT source, listing_key, 'off_market' AS track
FROM subjects
