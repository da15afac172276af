-- One row per model, the newest first.
SELECT model_version, name, track, cutoff, n_train, n_calibration, mlflow_version, trained_at
FROM modeling.models
ORDER BY cutoff DESC, trained_at DESC, name, model_version
