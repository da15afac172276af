-- One row: photo files that came, those that staging.photos names, and the contents they have.
SELECT
    (SELECT count(*) FROM ledger.photo_files) AS n_files,
    (
        SELECT count(*)
        FROM (SELECT DISTINCT file_name, photo_hash FROM staging.photos WHERE status <> 'missing')
    ) AS n_staged,
    (
        SELECT count(*)
        FROM ledger.photo_files AS f
        WHERE NOT EXISTS (
            SELECT 1
            FROM staging.photos AS p
            WHERE p.file_name = f.file_name AND p.photo_hash IS NOT DISTINCT FROM f.photo_hash
        )
    ) AS n_lost
