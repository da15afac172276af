"""MLflow's aliases follow the alias table: one function moves them, and it may run again."""

from __future__ import annotations

from pathlib import Path

import polars as pl


def follow_aliases(home: Path, aliases: pl.DataFrame, models: pl.DataFrame) -> list[str]:
    """Makes MLflow's aliases those of the table; returns what was moved, as sentences.

    `models` gives each model_version its MLflow version number (`mlflow_version`).
    """
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{home / 'mlflow' / 'mlflow.db'}")
    number = {
        (row["name"], row["model_version"]): str(row["mlflow_version"])
        for row in models.iter_rows(named=True)
    }
    moved = []
    for name in aliases["name"].unique().sort():
        wanted = {
            row["alias"]: number[(name, row["model_version"])]
            for row in aliases.filter(pl.col("name") == name).iter_rows(named=True)
        }
        held = dict(client.get_registered_model(name).aliases)
        for alias, version in wanted.items():
            if str(held.get(alias)) != version:
                client.set_registered_model_alias(name, alias, version)
                moved.append(f"{name}@{alias} -> {version}")
        for alias in held.keys() - wanted.keys():
            client.delete_registered_model_alias(name, alias)
            moved.append(f"{name}@{alias} removed")
    return moved
