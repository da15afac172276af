"""The gate's report of a model as a page beside its card, in the model's own folder.

Promotion comes after modeling: the card is not touched, and neither page is part of a model's
content hash. The pages follow promotion.decisions, as MLflow's aliases follow promotion.aliases.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.modeling.model_card import cell
from realty_assets.pages import environment
from realty_assets.promotion.ledger import DECISIONS
from realty_assets.warehouse import Warehouse

REPORT = "gate_report.md"
TEMPLATES = Path(__file__).parent / "templates"
MODELS = "modeling.models"


def render(decision: Mapping[str, Any]) -> str:
    """The report as Markdown, of one row of promotion.decisions."""
    house = environment(TEMPLATES, autoescape=False)  # Markdown, not HTML
    house.filters["cell"] = cell
    told = {name: json.loads(decision[name]) for name in ("gates", "evidence")}
    told["evidence"].setdefault("policy_sha256", None)
    return house.get_template(f"{REPORT}.j2").render(**{**decision, **told})


def newest_gated(decisions: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """The newest decision on each model that tells of gates: a rollback has none of its own."""
    gated = decisions.filter(pl.col("gates") != "[]")
    key = ["name", "model_version"]
    yield from gated.unique(key, keep="last", maintain_order=True).iter_rows(named=True)


def write_reports(warehouse: Warehouse) -> list[Path]:
    """Writes the report of every model whose report is another; returns what was written.

    Each is written beside its place and renamed. A model whose folder is gone has none.
    """
    if not (warehouse.exists(DECISIONS) and warehouse.exists(MODELS)):
        return []
    models = warehouse.read(MODELS, columns=["name", "model_version", "artifact"])
    folder = {(name, version): warehouse.home / path for name, version, path in models.iter_rows()}
    written = []
    for row in newest_gated(warehouse.read(DECISIONS)):
        place = folder.get((row["name"], row["model_version"]))
        if place is None or not place.is_dir():
            continue
        path, text = place / REPORT, render(row)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        beside = place / f".{REPORT}.part"
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
        written.append(path)
    return written
