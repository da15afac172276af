-- One row is one photo of one listing: a file that came, or one that a manifest names and that did
-- not. Made anew from everything that is known, so that the order of arrival does not matter.
WITH known_listings AS (
    SELECT listing_key, min(source) AS source
    FROM staging.listings
    GROUP BY listing_key
),
manifest AS (
    SELECT file_name, listing_key, min(photo_order) AS photo_order, min(room) AS room
    FROM ledger.photo_manifest
    GROUP BY file_name, listing_key
),
-- Every way to read a name; the first that names a known listing counts, else the first.
read_names AS (
    SELECT
        file_name,
        photo_hash,
        unnest(readings, recursive := true),
        generate_subscripts(readings, 1) AS turn
    FROM ledger.photo_files
),
of_names AS (
    SELECT DISTINCT ON (r.file_name, r.photo_hash)
        r.file_name, r.photo_hash, r.listing_key, r.photo_order, r.room
    FROM read_names AS r
    LEFT JOIN known_listings AS k USING (listing_key)
    ORDER BY r.file_name, r.photo_hash, k.listing_key IS NULL, r.turn
),
came AS (
    SELECT
        f.* EXCLUDE (readings, arrived_at, run_id, status, detail),
        f.status AS read_as,
        f.detail AS told,
        coalesce(m.listing_key, n.listing_key) AS listing_key,
        CASE WHEN m.listing_key IS NULL THEN n.photo_order ELSE m.photo_order END AS photo_order,
        CASE WHEN m.listing_key IS NULL THEN n.room ELSE m.room END AS room
    FROM ledger.photo_files AS f
    LEFT JOIN manifest AS m USING (file_name)
    LEFT JOIN of_names AS n
        ON n.file_name = f.file_name AND n.photo_hash IS NOT DISTINCT FROM f.photo_hash
),
everything AS (
    SELECT * FROM came
    UNION ALL BY NAME
    SELECT
        m.file_name,
        m.listing_key,
        m.photo_order,
        m.room,
        'missing' AS read_as,
        'A manifest names the file, and it has not come.' AS told
    FROM manifest AS m
    WHERE NOT EXISTS (SELECT 1 FROM ledger.photo_files AS f WHERE f.file_name = m.file_name)
),
ranked AS (
    SELECT
        e.*,
        k.source,
        k.listing_key IS NOT NULL AS listed,
        row_number() OVER (
            PARTITION BY e.listing_key, e.photo_hash ORDER BY e.photo_order NULLS LAST, e.file_name
        ) AS copy,
        row_number() OVER (
            PARTITION BY e.listing_key
            ORDER BY e.photo_order NULLS LAST, e.file_name, e.photo_hash
        ) AS place
    FROM everything AS e
    LEFT JOIN known_listings AS k USING (listing_key)
),
stock AS (
    SELECT phash, count(DISTINCT listing_key) AS n_listings
    FROM ranked
    WHERE read_as = 'ok'
    GROUP BY phash
    HAVING count(DISTINCT listing_key) >= $stock_listings
),
near AS (
    SELECT later.listing_key, later.place, arg_min(earlier.file_name, earlier.place) AS file_name
    FROM ranked AS later
    JOIN ranked AS earlier
        ON earlier.listing_key = later.listing_key
        AND earlier.place < later.place
        AND earlier.photo_hash <> later.photo_hash
        AND bit_count(xor(earlier.phash, later.phash)) <= $near_distance
    WHERE later.read_as = 'ok' AND earlier.read_as = 'ok' AND later.listed
    GROUP BY later.listing_key, later.place
),
first_copy AS (
    SELECT listing_key, photo_hash, file_name FROM ranked WHERE copy = 1
),
found AS (
    SELECT
        r.*,
        list_filter(
            [
                CASE WHEN r.read_as <> 'ok' THEN r.read_as END,
                CASE WHEN r.read_as <> 'refused' AND NOT r.listed THEN 'orphan' END,
                CASE WHEN r.photo_hash IS NOT NULL AND r.copy > 1 THEN 'duplicate' END,
                CASE WHEN s.n_listings IS NOT NULL THEN 'stock_photo' END,
                CASE WHEN n.file_name IS NOT NULL THEN 'near_duplicate' END
            ],
            lambda one: one IS NOT NULL
        ) AS findings,
        concat_ws(
            ' ',
            r.told,
            CASE
                WHEN r.read_as <> 'refused' AND NOT r.listed
                THEN 'No listing has the key ' || coalesce(r.listing_key, '') || '.'
            END,
            CASE
                WHEN r.photo_hash IS NOT NULL AND r.copy > 1
                THEN 'The same bytes came as ' || c.file_name || '.'
            END,
            CASE
                WHEN s.n_listings IS NOT NULL
                THEN 'The same picture stands under ' || s.n_listings || ' listings.'
            END,
            CASE WHEN n.file_name IS NOT NULL THEN 'It looks like ' || n.file_name || '.' END
        ) AS said
    FROM ranked AS r
    LEFT JOIN first_copy AS c USING (listing_key, photo_hash)
    LEFT JOIN stock AS s ON s.phash = r.phash AND r.read_as = 'ok'
    LEFT JOIN near AS n ON n.listing_key = r.listing_key AND n.place = r.place
)
SELECT
    file_name,
    photo_hash,
    path,
    source,
    listing_key,
    photo_order,
    room,
    n_bytes,
    width,
    height,
    format,
    exif_orientation,
    phash,
    coalesce(findings[1], 'ok') AS status,
    findings,
    nullif(said, '') AS detail
FROM found
ORDER BY listing_key, photo_order NULLS LAST, file_name, photo_hash
