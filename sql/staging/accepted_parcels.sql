-- One row is one version of a record of the roll that is neither quarantined nor known.
SELECT
    t.* REPLACE (
        coalesce(t.known_at, $file_known_at) AS known_at,
        CASE
            WHEN v.record_number IS NULL THEN t.flags
            ELSE list_sort(list_distinct(list_concat(t.flags, v.flags)))
        END AS flags
    )
FROM read_parquet($typed, union_by_name = TRUE) AS t
LEFT JOIN verdicts AS v ON t.record_number = v.record_number
WHERE coalesce(v.fate, 'staged') = 'staged'
