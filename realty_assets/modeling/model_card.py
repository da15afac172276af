"""The model card: what a model is for, what it was made from, and how good it is (after Mitchell
et al. 2019, "Model cards for model reporting").

The page is one template filled with the facts of a ModelRecord; the facts stand beside it as JSON.
Neither is part of a model's content hash.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from realty_assets.modeling.model_record import ModelRecord
from realty_assets.pages import environment

CARD, FACTS = "model_card.md", "model_card.json"
TEMPLATES = Path(__file__).parent / "templates"
# Statistics of the card: (key in modeling.backtests, name, form).
ACCURACY = (
    ("mdape", "MdAPE", "pct"),
    ("ppe5", "PPE5", "pct"),
    ("ppe10", "PPE10", "pct"),
    ("ppe20", "PPE20", "pct"),
    ("mae_usd", "Mean absolute error", "usd"),
    ("r2", "R2", "three"),
    ("r2_log", "R2 of log price", "three"),
    ("median_ratio", "Median ratio", "three"),
)
EQUITY = (
    ("cod", "COD", "two"),
    ("prd", "PRD", "three"),
    ("prb", "PRB", "three"),
    ("vei", "VEI", "two"),
)
FORMS: dict[str, Callable[[Any], str]] = {
    "pct": lambda value: f"{100 * value:.1f}%",
    "usd": lambda value: f"${value:,.0f}",
    "three": lambda value: f"{value:.3f}",
    "two": lambda value: f"{value:.2f}",
    "count": lambda value: f"{value:,}",
    "plain": lambda value: f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}",
}


def render(facts: Mapping[str, Any]) -> str:
    """The card as Markdown, from the facts of a ModelRecord and from nothing else."""
    house = environment(TEMPLATES, autoescape=False)  # Markdown, not HTML
    house.filters.update({**FORMS, "cell": cell})
    slices = {row["slice"]: row for row in facts["accuracy"]}
    return house.get_template("model_card.md.j2").render(
        **facts,
        slices=slices,
        months=_part(slices, "month "),
        quartiles=_part(slices, "predicted price quartile "),
        accuracy_rows=_rows(slices, ACCURACY),
        equity_rows=_rows(slices, EQUITY),
        figure=figure,
    )


def write_card(folder: Path, record: ModelRecord) -> None:
    """Writes CARD and FACTS into the model's folder, each beside its place and renamed."""
    facts = json.dumps(record.facts, indent=1)
    for name, text in ((FACTS, facts + "\n"), (CARD, render(record.facts))):
        beside = folder / f".{name}.part"
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, folder / name)


def has_card(folder: Path) -> bool:
    return (folder / CARD).is_file() and (folder / FACTS).is_file()


def templates_hash() -> str:
    """sha256 (hex) of the template."""
    raw = b"".join(path.read_bytes() for path in sorted(TEMPLATES.glob("*.j2")))
    return hashlib.sha256(raw).hexdigest()


def figure(row: Mapping[str, Any], key: str, form: str) -> str:
    """A figure with its 95% interval; the row's note where there is none."""
    value = row.get(key)
    if value is None:
        return str(row.get("note") or "-")
    low, high = row.get(f"{key}_low"), row.get(f"{key}_high")
    say = FORMS[form]
    inside = "" if low is None or high is None else f" ({say(low)} to {say(high)})"
    return f"{say(value)}{inside}"


def _rows(
    slices: Mapping[str, Mapping[str, Any]], wanted: tuple[tuple[str, str, str], ...]
) -> list[tuple[str, list[str]]]:
    shown = [slices[name] for name in ("all", "valid") if name in slices]
    return [(name, [figure(row, key, form) for row in shown]) for key, name, form in wanted]


def _part(slices: Mapping[str, Mapping[str, Any]], prefix: str) -> dict[str, Mapping[str, Any]]:
    return {
        name.removeprefix(prefix): row for name, row in slices.items() if name.startswith(prefix)
    }


def cell(text: Any) -> str:
    """Text that cannot break out of a table's cell or of its line."""
    return " ".join(str(text).replace("|", "\\|").replace("<", "&lt;").split())
