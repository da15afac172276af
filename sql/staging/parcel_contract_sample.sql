-- One row is one staged version of a parcel's record, of a sample that is the same for the same table.
SELECT * FROM staging.parcels
WHERE hash(file_hash, record_number) % $one_in = 0
