-- One row per model that holds a title of track off_market.
SELECT aliases.alias, aliases.name, aliases.model_version, models.cutoff, models.n_train,
    models.n_calibration
FROM promotion.aliases AS aliases
LEFT JOIN modeling.models AS models USING (name, model_version)
WHERE coalesce(models.track, 'off_market') = 'off_market'
ORDER BY aliases.name, aliases.alias
