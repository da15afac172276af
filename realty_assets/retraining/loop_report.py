"""A page for every retrain that fired: why, what was done, what it cost, what came of it, and what
would have been without it. The pages follow retraining.triggers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.modeling.model_card import cell
from realty_assets.pages import environment
from realty_assets.promotion.gates import GAIN
from realty_assets.promotion.ledger import DECISION_SCHEMA, DECISIONS, in_form
from realty_assets.retraining import deciding as d
from realty_assets.retraining.policy import LADDER, Policy, read_policy
from realty_assets.retraining.records import past_of
from realty_assets.warehouse import Warehouse

FOLDER = Path("reports") / "retraining"
TEMPLATES = Path(__file__).parent / "templates"
Row = Mapping[str, Any]


def write_reports(warehouse: Warehouse, table: pl.DataFrame) -> list[Path]:
    """Writes the page of every retrain of `table` (retraining.triggers) whose page is another;
    returns what was written. Each is written beside its place and renamed."""
    decisions = pl.DataFrame(schema=DECISION_SCHEMA)
    if warehouse.exists(DECISIONS):
        decisions = in_form(warehouse.read(DECISIONS), DECISION_SCHEMA)
    policy, folder, written = read_policy(warehouse.home), warehouse.home / FOLDER, []
    for row in table.filter(decision=d.FIRED).iter_rows(named=True):
        path = folder / f"{row['trigger_id']}.md"
        text = render(row, judged(row, decisions), vain_before(row, table), policy)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{path.name}.part"
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
        written.append(path)
    return written


def render(row: Row, judgements: Sequence[Row], n_vain: int, policy: Policy) -> str:
    """The page as Markdown: of a row of retraining.triggers, what the gate said of its models
    (`judged`), and how many retrains before it in a row led nowhere."""
    house = environment(TEMPLATES, autoescape=False)  # Markdown, not HTML
    house.filters["cell"] = cell
    vain = n_vain + (row["outcome"] in d.IN_VAIN)
    return house.get_template("loop_report.md.j2").render(
        **{**row, "evidence": json.loads(row["evidence"])},
        judgements=judgements,
        without=[without(one) for one in judgements],
        n_vain=vain,
        rest_days=policy.guards.rest_days(vain),
        ladder=LADDER,
    )


def judged(row: Row, decisions: pl.DataFrame) -> list[dict[str, Any]]:
    """The newest word on each model that came of a retrain, with the gates behind it."""
    mine = decisions.filter(pl.col("model_version").is_in(list(row["model_versions"] or ())))
    newest = mine.unique(["name", "model_version"], keep="last", maintain_order=True)
    gated = mine.filter(pl.col("gates") != "[]")
    found = []
    for one in newest.sort("name", "model_version").iter_rows(named=True):
        own = gated.filter(model_version=one["model_version"])
        gates = json.loads(own["gates"][-1]) if len(own) else []
        found.append({**one, "gates": gates})
    return found


def without(judgement: Row) -> str:
    """What would have been without this model, in a sentence."""
    gain = next((gate for gate in judgement["gates"] if gate["name"] == GAIN), None)
    name, champion = judgement["name"], judgement["champion_version"]
    if gain is None or gain["seen"] is None:
        return f"{name}: nothing was measured against {champion or 'a champion'}."
    what = gain["requirement"].split(" lower")[0]
    if judgement["verdict"] != "promote":
        end = "the same values: it does not speak."
    elif gain["seen"] == 0:
        end = f"the same {what}."
    else:
        more = 1.0 / (1.0 + gain["seen"]) - 1.0
        end = f"{champion} would speak on, its {what} {more:+.1%} against {name}'s new model."
    return (
        f"{name}: {end} On paired sales the model's {what} is {gain['seen']:+.1%} ({gain['note']})."
    )


def vain_before(row: Row, table: pl.DataFrame) -> int:
    """How many retrains in a row had led nowhere when `row` fired."""
    earlier = [
        one for one in past_of(table) if (one.as_of, one.at) < (row["as_of"], row["looked_at"])
    ]
    return d.in_vain(earlier)
