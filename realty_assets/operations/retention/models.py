"""Model folders and their MLflow versions: which may go, and how they go together."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.errors import RealtyError
from realty_assets.modeling.mlflow_registry import tracking_uri
from realty_assets.operations.moved import ARTIFACTS, DATABASE
from realty_assets.operations.retention.policy import Models as Rules
from realty_assets.operations.retention.records import retired
from realty_assets.operations.retention.things import Thing, size_and_age, take_away, young
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse

KIND = "models"
MODELS, ALIASES, DECISIONS = "modeling.models", "promotion.aliases", "promotion.decisions"
# These remember what was; all others speak of what is.
_LEDGERS = (MODELS, ALIASES, DECISIONS, "promotion.probations")


class Guarded(RealtyError):
    """A model was to be removed that must stay."""


@dataclass(frozen=True)
class ModelKeeper:
    """The models of a home. The row of modeling.models stays, whatever becomes of the folder."""

    warehouse: Warehouse
    rules: Rules

    def things(self) -> list[Thing]:
        if not self.warehouse.exists(MODELS):
            return []
        with self.warehouse.connect() as conn:
            return self._things(Tx(conn))

    def exists(self, item: str) -> bool:
        return (self.warehouse.home / item).is_dir()

    def remove(self, item: str) -> None:
        """Raises Guarded for a model that must stay: asked anew, at the last moment."""
        if self.exists(item):
            thing = next((one for one in self.things() if one.item == item), None)
            if thing is None or thing.kept is not None:
                why = thing.kept if thing else "no model of this home"
                raise Guarded(f"The model {item} stays: {why}.")
            # The folder first: once it is gone, a next run ends what a kill left undone here.
            take_away(self.warehouse.home / item)
        rows = self.warehouse.read(MODELS, columns=["name", "mlflow_version", "artifact"])
        for row in rows.filter(pl.col("artifact") == item).to_dicts():
            _forget(self.warehouse.home, row["name"], int(row["mlflow_version"]))

    def _things(self, tx: Tx) -> list[Thing]:
        home, gone = self.warehouse.home, retired(tx)
        standing = Standing(tx, utc_now(), self.rules)
        made = []
        for row in standing.models.to_dicts():
            item = row["artifact"]
            if item in gone and not self.exists(item):
                continue
            n_bytes, _ = size_and_age(home / item)
            age_days = (standing.now - row["trained_at"]) / timedelta(days=1)
            kept = standing.why(row) or young(age_days, self.rules.keep_days)
            names = (row["model_version"], f"{row['name']}/{row['model_version']}")
            made.append(Thing(KIND, item, n_bytes, age_days, kept, names))
        return made


@dataclass(frozen=True)
class Standing:
    """Why models must stay, whatever their age."""

    tx: Tx
    now: datetime
    rules: Rules

    @cached_property
    def models(self) -> pl.DataFrame:
        return self.tx.read(MODELS)

    def why(self, model: Mapping[str, Any]) -> str | None:
        """Why `model` (a row of modeling.models) must stay; None when nothing keeps it."""
        version = model["model_version"]
        if alias := self._aliases.get((model["name"], version)):
            return f"holds the alias {alias}"
        place = self._places[version]
        if place < self.rules.keep_newest:
            return f"among the newest {self.rules.keep_newest} of its track"
        last = max(model["trained_at"], self._decided.get(version, model["trained_at"]))
        if self.now - last < timedelta(days=self.rules.rollback_days):
            return f"within the rollback window of {self.rules.rollback_days} days"
        if table := self._named.get(version):
            return f"named by {table}"
        return None

    @cached_property
    def _aliases(self) -> dict[tuple[str, str], str]:
        if not self.tx.exists(ALIASES):
            return {}
        rows = self.tx.read(ALIASES, columns=["name", "model_version", "alias"])
        return {(name, version): alias for name, version, alias in rows.iter_rows()}

    @cached_property
    def _places(self) -> dict[str, int]:
        """How many newer ones its track has: of those added later, or of those that know later
        sales, whichever are fewer (training goes by the one, the gate by the other)."""
        by_cutoff = self.models.sort("cutoff", "mlflow_version", maintain_order=True)
        places: dict[str, int] = {}
        for ordered in (self.models, by_cutoff):
            counts: dict[str, int] = {}
            for track, version in ordered.select("track", "model_version").reverse().iter_rows():
                n_newer = counts.get(track, 0)
                places[version] = min(n_newer, places.get(version, n_newer))
                counts[track] = n_newer + 1
        return places

    @cached_property
    def _decided(self) -> dict[str, datetime]:
        """When a version was last judged, promoted, replaced or rolled back."""
        if not self.tx.exists(DECISIONS):
            return {}
        columns = ["model_version", "champion_version", "decided_at"]
        rows = self.tx.read(DECISIONS, columns=columns).sort("decided_at")
        return {
            version: row["decided_at"]
            for row in rows.to_dicts()
            for version in (row["model_version"], row["champion_version"])
            if version
        }

    @cached_property
    def _named(self) -> dict[str, str]:
        """A table that speaks of a version now, by version."""
        found = {}
        for table, column in self.tx.read(sql("operations/version_columns.sql")).iter_rows():
            if table in _LEDGERS:
                continue
            statement = f'SELECT DISTINCT CAST("{column}" AS VARCHAR) FROM {table}'
            for (version,) in self.tx.conn.execute(statement).fetchall():
                found[version] = table
        return found


def _forget(home: Path, name: str, version: int) -> None:
    """Removes a version from MLflow with its artifacts; its run stays, with its figures."""
    if not (home / DATABASE).is_file():
        return
    found = _version(home / DATABASE, name, version)
    if found is None:
        return
    from mlflow.tracking import MlflowClient

    address = tracking_uri(home)
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    run_id, source = found
    model_id = source.rsplit("/", 1)[-1]
    # The version last: while it is there, a next run finds what is left to do.
    for folder in (run_id, f"models/{model_id}"):
        place = home / ARTIFACTS / folder
        if place.is_dir() and place.parent.resolve().is_relative_to((home / ARTIFACTS).resolve()):
            shutil.rmtree(place)
    client.delete_model_version(name, str(version))


def _version(database: Path, name: str, version: int) -> tuple[str, str] | None:
    """(run, source) of a version that MLflow still has."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as conn:
        row = conn.execute(
            "SELECT run_id, source FROM model_versions WHERE name = ? AND version = ? "
            "AND current_stage <> 'Deleted_Internal'",
            [name, version],
        ).fetchone()
    conn.close()
    return (row[0], row[1]) if row else None
