"""One look of the loop at a home: outcomes are joined, triggers asked, the decision written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.budgets import overstepped, read_costs
from realty_assets.clock import utc_now
from realty_assets.metering import FOLDER, read_totals
from realty_assets.modeling.home_models import ModelHome
from realty_assets.promotion.ledger import DECISION_SCHEMA, in_form
from realty_assets.retraining import looking
from realty_assets.retraining.deciding import Hand, Now, State, decide
from realty_assets.retraining.policy import Policy
from realty_assets.retraining.records import (
    SCHEMA,
    TRIGGERS,
    Known,
    Tried,
    past_of,
    with_outcomes,
    with_rows,
)
from realty_assets.switches import AUTOMATION, paused
from realty_assets.warehouse import Tx, Warehouse

Row = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """What a look is asked besides: a retrain by hand, the calendar; `alone`: nothing but that."""

    hand: Hand | None = None
    calendar: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Look:
    """The table as it then stands, and the rows of this look (new or known)."""

    table: pl.DataFrame
    rows: list[Row] = field(default_factory=list)


def triggers(store: Warehouse | Tx) -> pl.DataFrame:
    """retraining.triggers in today's form; empty before it is made."""
    if not store.exists(TRIGGERS):
        return pl.DataFrame(schema=SCHEMA)
    return in_form(store.read(TRIGGERS), SCHEMA)


def look(
    home: ModelHome, policy: Policy, tried: Mapping[str, Tried], ask: Ask | None = None
) -> Look:
    """Looks at every trigger of the home. `tried` are runs of triggers by id. Writes nothing."""
    ask, warehouse = ask or Ask(), home.warehouse
    now, known = Now(utc_now(), home.today), _known(warehouse)
    table = with_outcomes(triggers(warehouse), tried, known, home.today)
    if not known.models.height:
        return Look(table)
    signals = [] if ask.alone else looking.signals(home, policy, calendar=ask.calendar)
    state = State(
        signals,
        past_of(table),
        ask.hand,
        unfit=looking.unfit(home) if signals else None,
        paused=why_paused(warehouse.home),
        waits=looking.awaits_approval(warehouse),
        refits=looking.refits(home) if signals else {},
    )
    rows = decide(state, policy, now)
    return Look(with_rows(table, rows, known.models["model_version"].to_list()), rows)


def why_paused(home: Path) -> str | None:
    """Why automation rests: its switch, or a hard budget; None when it does not."""
    if turn := paused(home, AUTOMATION):
        return turn.sentence
    spent = [over.sentence for over in overstepped(home) if over.hard]
    return " ".join(spent) or None


def _known(warehouse: Warehouse) -> Known:
    models = pl.DataFrame(schema={"model_version": pl.String, "cutoff": pl.Date})
    if warehouse.exists("modeling.models"):
        models = warehouse.read("modeling.models", columns=models.columns)
    decisions = pl.DataFrame(schema=DECISION_SCHEMA)
    if warehouse.exists("promotion.decisions"):
        decisions = in_form(warehouse.read("promotion.decisions"), DECISION_SCHEMA)
    return Known(models, decisions, _costs(warehouse.home))


def _costs(home: Path) -> dict[str, float]:
    """US dollars of each metered run."""
    costs = read_costs(home)
    files = sorted((home / FOLDER).glob("*.jsonl"))
    return {told["run_id"]: costs.of_run(told) for path in files for told in read_totals(path)}
