"""Models: their folders are whole, and aliases name models that there are, here and in MLflow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from realty_assets.fingerprint import mlflow_registry
from realty_assets.modeling.model import ModelBroken, load_valuer
from realty_assets.operations.doctor.finding import Finding, Patient
from realty_assets.operations.moved import ARTIFACTS, DATABASE
from realty_assets.operations.retention.records import retired
from realty_assets.promotion.registry import NUMBERED
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse

MODELS, ALIASES = "modeling.models", "promotion.aliases"
FOLLOW = "`realty run promotion` moves MLflow's aliases to those of the table"


def folders(patient: Patient) -> Iterator[Finding]:
    """Every model of modeling.models can be loaded, but for those that the home let go of."""
    warehouse = patient.warehouse
    if not warehouse.exists(MODELS):
        return
    with warehouse.connect() as conn:
        gone = retired(Tx(conn))
    for row in warehouse.read(MODELS, columns=["name", "model_version", "artifact"]).to_dicts():
        if row["artifact"] in gone and not (patient.home / row["artifact"]).exists():
            continue
        try:
            load_valuer(patient.home / row["artifact"])
        except (ModelBroken, OSError) as error:
            yield Finding(
                f"{row['name']} {row['model_version']}: {error}",
                f"copy {row['artifact']} from a backup; without one, `realty run modeling` trains "
                "the newest model anew",
            )


def aliases(patient: Patient) -> Iterator[Finding]:
    """Every alias names a model that modeling.models has."""
    warehouse = patient.warehouse
    if not (warehouse.exists(ALIASES) and warehouse.exists(MODELS)):
        return
    for row in warehouse.read(sql("operations/aliases_without_model.sql")).to_dicts():
        yield Finding(
            f"{row['name']}@{row['alias']} is {row['model_version']}, and modeling.models has no "
            "such version",
            "restore a backup that has it, or `realty run all` to train and judge one anew",
        )


def mlflow(patient: Patient) -> Iterator[Finding]:
    """MLflow's aliases are those of promotion.aliases, and its artifacts lie in this home."""
    warehouse, database = patient.warehouse, patient.home / DATABASE
    if not (warehouse.exists(ALIASES) and warehouse.exists(MODELS)):
        return
    wanted = _wanted(warehouse)
    if not database.is_file():
        if wanted:
            yield Finding(f"{database} is gone", f"copy {DATABASE} from a backup")
        return
    try:
        rows = mlflow_registry(database)
        places = _places(database)
    except sqlite3.Error as error:
        yield Finding(f"{database} cannot be read: {error}", f"copy {DATABASE} from a backup")
        return
    held = {(name, alias): int(number) for name, number, alias in rows if alias is not None}
    numbers = {(name, int(number)) for name, number, _ in rows}
    for name, alias in sorted(wanted.keys() | held.keys()):
        ours, theirs = wanted.get((name, alias)), held.get((name, alias))
        if ours is not None and (name, ours) not in numbers:
            yield Finding(
                f"{name}@{alias} is version {ours}, which MLflow does not have",
                f"copy {DATABASE} and {ARTIFACTS} from a backup",
            )
        elif ours != theirs:
            yield Finding(
                f"{name}@{alias} is version {ours or 'none'} in promotion.aliases and "
                f"{theirs or 'none'} in MLflow",
                FOLLOW,
            )
    own = (patient.home / ARTIFACTS).resolve().as_uri()
    for place in places:
        if place.endswith("/" + ARTIFACTS) and place != own:
            yield Finding(
                f"MLflow looks for artifacts in {place}: this home was copied or moved by hand",
                "move homes with `realty backup` and `realty restore`, which mend that",
                "note",
            )


def _wanted(warehouse: Warehouse) -> dict[tuple[str, str], int]:
    """The MLflow version that each alias of the table names."""
    number = {
        (row["name"], row["model_version"]): int(row["mlflow_version"])
        for row in warehouse.read(MODELS, columns=NUMBERED).to_dicts()
    }
    return {
        (row["name"], row["alias"]): number[row["name"], row["model_version"]]
        for row in warehouse.read(ALIASES).to_dicts()
        if (row["name"], row["model_version"]) in number
    }


def _places(database: Path) -> list[str]:
    """Where MLflow's experiments keep their artifacts."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as conn:
        rows = conn.execute("SELECT artifact_location FROM experiments").fetchall()
    conn.close()
    return sorted(row[0] for row in rows if row[0])
