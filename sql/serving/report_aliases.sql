-- One row per model that holds a title.
SELECT aliases.alias, aliases.name, aliases.model_version, models.cutoff, models.n_train,
    models.n_calibration
FROM promotion.aliases AS aliases
LEFT JOIN modeling.models AS models USING (name, model_version)
ORDER BY aliases.name, aliases.alias
