-- One row is one champion: its track, its data, and its folder below the home.
SELECT aliases.name, models.track, aliases.model_version, models.cutoff, models.n_train,
    models.data_hash, models.code_version, models.lock_hash, models.artifact
FROM promotion.aliases AS aliases
JOIN modeling.models AS models USING (name, model_version)
WHERE aliases.alias = 'champion'
ORDER BY models.track
