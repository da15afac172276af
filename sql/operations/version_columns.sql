-- One row per column that names model versions, with its table (schema.name).
SELECT table_schema || '.' || table_name AS table_name, column_name
FROM information_schema.columns
WHERE column_name IN ('model_version', 'champion_version')
    AND table_schema NOT IN ('main', 'information_schema', 'pg_catalog', 'operations')
ORDER BY 1, 2
