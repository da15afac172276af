"""`realty model`: what is known of the models of a home, and how to get from one to its rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from realty_assets import cli_actions as actions
from realty_assets import cli_output as out
from realty_assets.errors import RealtyError

app = typer.Typer(
    name="model", no_args_is_help=True, help="The models of this home: cards, figures, hashes."
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
MODELS = "modeling.models"
HASHES = (
    *("content_hash", "artifact_sha256", "training_hash", "data_hash"),
    *("feature_registry_hash", "code_version", "lock_hash"),
)


class UnknownModel(RealtyError):
    """No model, or no single one, goes by this version."""


class RowsMoved(RealtyError):
    """The rows that a model was trained on no longer stand in the warehouse as they were."""


@app.command()
def show(
    version: Annotated[
        str, typer.Argument(help="Model version, or how it begins (model_version of a valuation).")
    ],
    rows: Annotated[
        Path | None, typer.Option("--rows", help="CSV for the sales that it was trained on.")
    ] = None,
    as_json: Json = False,
) -> None:
    """A model's card, hashes, figures and standing; with --rows the sales that it learned from."""
    told = shown(version, rows)
    if not as_json:
        told = {**told, "metrics": _for_people(told["metrics"])}
    out.show(told, as_json)


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """Every model of this home, the newest first."""
    from realty_assets.statements import sql

    warehouse = _warehouse()
    _models(warehouse)
    found = warehouse.read(sql("modeling/models_standing.sql")).to_dicts()
    held: dict[tuple[str, str], list[str]] = {}
    if warehouse.exists("promotion.aliases"):
        for row in warehouse.read("promotion.aliases").sort("alias").to_dicts():
            held.setdefault((row["name"], row["model_version"]), []).append(row["alias"])
    models = [{**row, "titles": held.get((row["name"], row["model_version"]), [])} for row in found]
    out.show({"models": models}, as_json)


def shown(version: str, rows: Path | None = None) -> dict[str, Any]:
    """What `realty model show` tells. Raises RealtyError with one sentence."""
    from realty_assets.modeling.markets import data_hash_of, snapshot
    from realty_assets.modeling.model import ModelBroken, load_valuer
    from realty_assets.modeling.model_card import CARD, has_card
    from realty_assets.promotion.gate_report import REPORT
    from realty_assets.statements import sql

    warehouse = _warehouse()
    row = _named(_models(warehouse), version)
    folder = warehouse.home / row["artifact"]
    try:
        load_valuer(folder)
        broken = None
    except ModelBroken as error:
        broken = str(error)
    told: dict[str, Any] = {
        "model_version": row["model_version"],
        "name": row["name"],
        "track": row["track"],
        "standing": _standing(warehouse, row),
        "cutoff": row["cutoff"],
        "recalibrates": row.get("recalibrates"),
        "n_train": row["n_train"],
        "n_calibration": row["n_calibration"],
        "card": str(folder / CARD) if has_card(folder) else None,
        "gate_report": str(folder / REPORT) if (folder / REPORT).is_file() else None,
        "folder": str(folder),
        "whole": broken is None,
        "mlflow_version": row["mlflow_version"],
        "run_id": row["run_id"],
        "hashes": {name: row[name] for name in HASHES},
        "tables_as_it_saw_them": data_hash_of(snapshot(warehouse)) == row["data_hash"],
        "metrics": json.loads(row["metrics"]),
    }
    if broken:
        told["broken"] = broken
    if rows is not None:
        told |= {"rows_written_to": str(rows), "n_rows": _write_rows(warehouse, row, rows)}
    if warehouse.exists("serving.shadow_valuations"):
        summary = sql("serving/shadow_summary.sql").bind(model_version=row["model_version"])
        told["shadow"] = warehouse.read(summary).to_dicts()
    return told


def _write_rows(warehouse: Any, row: dict[str, Any], to: Path) -> int:
    from realty_assets.modeling.rows_of_model import training_rows

    if to.is_dir() or to.suffix.lower() != ".csv":
        raise UnknownModel(f"{to} must be a file that ends in .csv.")
    if base := row.get("recalibrates"):
        raise UnknownModel(
            f"{row['model_version']} has the boosters of {base}: name that one to see what it "
            "learned from."
        )
    found = training_rows(warehouse, row["track"], row["cutoff"], row["data_hash"])
    if found is None:
        raise RowsMoved(
            f"The tables have changed since {row['model_version']} was trained (its data_hash is "
            f"{row['data_hash'][:12]}...): restore a backup of that day to name its rows."
        )
    to.parent.mkdir(parents=True, exist_ok=True)
    found.write_csv(to)
    return len(found)


def _standing(warehouse: Any, row: dict[str, Any]) -> dict[str, Any]:
    """Titles that the version holds, and the decisions on it, the newest last."""
    from realty_assets.promotion.ledger import DECISION_SCHEMA, in_form
    from realty_assets.statements import sql

    key = {"name": row["name"], "model_version": row["model_version"]}
    out: dict[str, Any] = {"titles": [], "decisions": []}
    if warehouse.exists("promotion.aliases"):
        held = warehouse.read(sql("modeling/titles_of_model.sql").bind(**key))
        out["titles"] = held["alias"].to_list()
    if warehouse.exists("promotion.decisions"):
        made = in_form(warehouse.read("promotion.decisions"), DECISION_SCHEMA).filter(**key)
        told = ["decision_id", "verdict", "reason", "decided_by", "approval", "decided_at"]
        out["decisions"] = made.select(told).to_dicts()
    if warehouse.exists("promotion.probations"):
        looks = warehouse.read("promotion.probations").filter(**key)
        told = ["since_on", "until_on", "n_sales", "relative", "p", "level", "outcome"]
        out["probation"] = looks.select(told).to_dicts()
    return out


def _warehouse() -> Any:
    from realty_assets.settings import get_settings
    from realty_assets.warehouse import Warehouse

    actions._home()
    return Warehouse.at(get_settings().warehouse_path)


def _models(warehouse: Any) -> list[dict[str, Any]]:
    if not warehouse.exists(MODELS):
        raise UnknownModel("There is no model in this home yet: `realty run all` trains one.")
    return warehouse.read(MODELS).to_dicts()


def _named(models: list[dict[str, Any]], version: str) -> dict[str, Any]:
    found = [row for row in models if version and row["model_version"].startswith(version)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(row["model_version"] for row in (found or models))
    what = "goes by several models" if found else "is no model of this home"
    raise UnknownModel(f"{version!r} {what}: name one of {known}.")


def _for_people(metrics: dict[str, float]) -> list[dict[str, Any]]:
    """A row for each figure, its interval beside it."""
    return [
        {
            "figure": name,
            "value": value,
            "low": metrics.get(f"{name}_low"),
            "high": metrics.get(f"{name}_high"),
        }
        for name, value in metrics.items()
        if not name.endswith(("_low", "_high")) and "valid" not in name
    ]
