"""MLflow's aliases follow the alias table: one function moves them, and it may run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from realty_assets.fingerprint import mlflow_registry
from realty_assets.modeling.mlflow_registry import model_columns
from realty_assets.modeling.model import ModelBroken, load_valuer

# The columns of modeling.models that name a version and its number in MLflow.
NUMBERED = ("name", "model_version", "mlflow_version")


def follow_aliases(home: Path, aliases: pl.DataFrame, models: pl.DataFrame) -> list[str]:
    """Makes MLflow's aliases those of the table; returns what was moved, as sentences.

    `models` (NUMBERED) gives each model_version its MLflow version number. MLflow's tables are
    looked at first: when they agree, its slow import is spared.
    """
    number = {
        (row["name"], row["model_version"]): int(row["mlflow_version"])
        for row in models.iter_rows(named=True)
    }
    wanted = {
        (row["name"], row["alias"]): number[row["name"], row["model_version"]]
        for row in aliases.iter_rows(named=True)
    }
    database = home / "mlflow" / "mlflow.db"
    held = {
        (name, alias): int(version)
        for name, version, alias in mlflow_registry(database)
        if alias is not None
    }
    if held == wanted:
        return []
    from mlflow.tracking import MlflowClient

    # Both named: a registry that the process has set for another home would come first.
    address = f"sqlite:///{database}"
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    moved = []
    for (name, alias), version in sorted(wanted.items()):
        if held.get((name, alias)) != version:
            client.set_registered_model_alias(name, alias, str(version))
            moved.append(f"{name}@{alias} -> {version}")
    for name, alias in sorted(held.keys() - wanted.keys()):
        client.delete_registered_model_alias(name, alias)
        moved.append(f"{name}@{alias} removed")
    return moved


def broken_models(
    home: Path, models: pl.DataFrame, columns: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """Versions whose folder is not whole, or that read a column which the matrix of their track
    does not have; `columns` by track."""
    broken = set()
    for row in models.iter_rows(named=True):
        try:
            needs = model_columns(load_valuer(home / row["artifact"]))
        except ModelBroken:
            broken.add(row["model_version"])
            continue
        if not set(needs) <= set(columns[row["track"]]):
            broken.add(row["model_version"])
    return frozenset(broken)
