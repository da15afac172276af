-- One row per column that names files below the home, with its table (schema.name).
SELECT table_schema || '.' || table_name AS table_name, column_name
FROM information_schema.columns
WHERE column_name IN ('path', 'artifact')
    AND data_type = 'VARCHAR'
    AND table_schema NOT IN ('main', 'information_schema', 'pg_catalog', 'operations')
ORDER BY 1, 2
