-- One row is one staged version, of a sample that is the same for the same table.
SELECT * FROM staging.listings
WHERE hash(file_hash, record_number) % $one_in = 0
