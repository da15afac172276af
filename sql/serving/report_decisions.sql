-- One row per decision on a model, the newest model (by its data) first, its latest decision first.
SELECT decisions.*, models.track, models.cutoff, models.n_train
FROM promotion.decisions AS decisions
LEFT JOIN modeling.models AS models USING (name, model_version)
ORDER BY models.cutoff DESC, model_version DESC, decisions.decided_at DESC, decision_id
