"""MLflow's aliases follow the alias table: one function moves them, and it may run again.

It runs after the rows are committed; a kill between the two, or between two aliases, is mended when
it runs next: with the next run of the room of promotion, or where a run of the home is found dead
(`realty_assets/recovery.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from realty_assets.fingerprint import mlflow_registry
from realty_assets.modeling.mlflow_registry import model_columns
from realty_assets.modeling.model import ModelBroken, load_valuer
from realty_assets.promotion.ledger import ALIASES
from realty_assets.warehouse import Warehouse

# The columns of modeling.models that name a version and its number in MLflow.
NUMBERED = ("name", "model_version", "mlflow_version")
MODELS = "modeling.models"


def reconcile(warehouse: Warehouse) -> list[str]:
    """Makes MLflow's aliases those of promotion.aliases; returns what was moved, as sentences."""
    if not (warehouse.exists(ALIASES) and warehouse.exists(MODELS)):
        return []
    # Held open: no other process moves the table between our reading and our moving.
    with warehouse.connect():
        models = warehouse.read(MODELS, columns=NUMBERED)
        return follow_aliases(warehouse.home, warehouse.read(ALIASES), models)


def follow_aliases(home: Path, aliases: pl.DataFrame, models: pl.DataFrame) -> list[str]:
    """Makes MLflow's aliases those of the table; returns what was moved, as sentences.

    `models` (NUMBERED) gives each model_version its MLflow version number; an alias of a version
    that is not among them stays as it is. MLflow's tables are looked at first: when they agree, its
    slow import is spared.
    """
    number = {
        (row["name"], row["model_version"]): int(row["mlflow_version"])
        for row in models.iter_rows(named=True)
    }
    titles = {
        (row["name"], row["alias"]): (row["name"], row["model_version"])
        for row in aliases.iter_rows(named=True)
    }
    wanted = {title: number[version] for title, version in titles.items() if version in number}
    unknown = titles.keys() - wanted.keys()
    database = home / "mlflow" / "mlflow.db"
    held = {
        (name, alias): int(version)
        for name, version, alias in mlflow_registry(database)
        if alias is not None and (name, alias) not in unknown
    }
    if held == wanted:
        return []
    from mlflow.tracking import MlflowClient

    # Both named: a registry that the process has set for another home would come first.
    address = f"sqlite:///{database}"
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    moved = []
    # previous_champion before champion: whoever steps down holds its new title before it loses the
    # old one, and no kill leaves it without any.
    for (name, alias), version in sorted(wanted.items(), reverse=True):
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
