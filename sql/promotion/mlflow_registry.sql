-- One row per registered model version and alias (null: none), from MLflow's own SQLite tables.
SELECT versions.name, versions.version, aliases.alias
FROM model_versions AS versions
LEFT JOIN registered_model_aliases AS aliases
    ON aliases.name = versions.name AND aliases.version = versions.version
ORDER BY 1, 2, 3
