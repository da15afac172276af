-- One row per decision on a model, the newest model (by its data, not by the clock) first.
SELECT
    decisions.name,
    decisions.model_version,
    decisions.verdict,
    decisions.reason,
    decisions.gates,
    models.track,
    models.cutoff,
    models.n_train
FROM promotion.decisions AS decisions
LEFT JOIN modeling.models AS models USING (name, model_version)
ORDER BY models.cutoff DESC, model_version DESC, decision_id
