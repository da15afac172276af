-- One row: when nine in ten staged rows of a file were known, which dates the file.
SELECT quantile_disc(known_at, 0.9) AS made_at FROM staging.listings WHERE file_hash = $file_hash
