-- One row is one staged version, of a sample that is the same for the same table. Rows that a
-- person let out of quarantine stand outside the contract by that decision.
SELECT * FROM staging.listings
WHERE hash(file_hash, record_number) % $one_in = 0
    AND NOT list_contains(flags, 'quarantine.released')
