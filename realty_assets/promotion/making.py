"""From the tables of a home to what its gate says: the newest model of every track, judged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.evaluation.arrays import MIN_SALES
from realty_assets.features.tracks import MATRICES
from realty_assets.modeling.audit import off_coverage
from realty_assets.modeling.backtest_store import BACKTESTS
from realty_assets.modeling.home_models import ModelHome
from realty_assets.modeling.judging.making import photo_counts
from realty_assets.modeling.mlflow_registry import registered_name
from realty_assets.modeling.model import Valuer, fit_valuer, load_valuer
from realty_assets.modeling.recalibrating import walked_of
from realty_assets.modeling.recalibration import out_of_time, own_walk, recalibrated, same_values
from realty_assets.modeling.settings import NotEnoughSales
from realty_assets.modeling.training import recipe, recipe_json
from realty_assets.modeling.walk_forward import Market
from realty_assets.promotion import probation, rescoring
from realty_assets.promotion.baseline_gate import baseline_gate, read_baselines
from realty_assets.promotion.data_gates import data_gates
from realty_assets.promotion.data_state import data_state
from realty_assets.promotion.evidence import pairs_of
from realty_assets.promotion.gates import Gate, judge_floors, no_pairs
from realty_assets.promotion.judging import Remake, paired_gates, with_remake
from realty_assets.promotion.ledger import (
    ALIAS_SCHEMA,
    ALIASES,
    CHAMPION,
    DECISION_SCHEMA,
    DECISIONS,
    GATE,
    PAIRED,
    PROBATIONS,
    Judgement,
    Moment,
    Titles,
    decide,
    in_form,
    to_judge,
)
from realty_assets.promotion.model_gates import machine_of, model_gates
from realty_assets.promotion.policy import Policy
from realty_assets.promotion.probing import Standing, probed
from realty_assets.promotion.registry import broken_models
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse, WarehouseMissing

SCHEMAS = {
    DECISIONS: DECISION_SCHEMA,
    ALIASES: ALIAS_SCHEMA,
    PAIRED: rescoring.SCHEMA,
    PROBATIONS: probation.SCHEMA,
}
# Of a model's row: the same in two models that differ by what they know alone.
OF_RECIPE = ("params", "feature_registry_hash", "code_version")
Row = Mapping[str, Any]


class StaleEvidence(RealtyError):
    """The headline walk speaks of other sales than the market does."""


@dataclass
class Judged:
    """Judgements of a home's newest models, and the paired sales of each (by name, model and
    champion)."""

    of: list[Judgement] = field(default_factory=list)
    pairs: dict[tuple[str, str, str], pl.DataFrame] = field(default_factory=dict)


def stands(store: Warehouse | Tx, table: str) -> pl.DataFrame:
    """A table of this room in today's form; empty before it is made."""
    schema = SCHEMAS[table]
    return (
        in_form(store.read(table), schema) if store.exists(table) else pl.DataFrame(schema=schema)
    )


def made(home: ModelHome, policy: Policy, at: Moment) -> dict[str, pl.DataFrame]:
    """The tables of this room with what probations and then the gate say now. Raises what `judged`
    does."""
    warehouse = home.warehouse
    broken = broken_in(warehouse, warehouse.read("modeling.models"))
    before = Standing(*(stands(warehouse, table) for table in (DECISIONS, ALIASES, PROBATIONS)))
    after = probed(home, policy, before, broken, at)
    said = judged(home, policy, after.aliases)
    decisions, aliases = decide(said.of, after.decisions, after.aliases, at, policy)
    paired = rescoring.kept_pairs(
        rescoring.with_pairs(stands(warehouse, PAIRED), said.pairs),
        decisions.filter(decided_by=GATE),
        policy.paired.keep_decisions,
    )
    return {
        DECISIONS: decisions,
        ALIASES: aliases,
        PAIRED: paired,
        PROBATIONS: after.probations,
    }


def judged(
    home: ModelHome, policy: Policy, aliases: pl.DataFrame, track: str | None = None
) -> Judged:
    """The newest model of every track (or of `track`) that is not champion in `aliases`, judged
    anew. Writes nothing.

    Raises WarehouseMissing without a headline backtest of a model's track, PromotionPolicyError
    for a floor without a figure, StaleEvidence.
    """
    warehouse = home.warehouse
    models = warehouse.read("modeling.models")
    found = warehouse.read(sql("promotion/records.sql"))
    policy.require_figures([name for name, kind in found.schema.items() if kind.is_numeric()])
    records = {registered_name(row["track"]): row for row in found.to_dicts()}
    if unjudged := sorted(set(models["name"]) - set(records)):
        raise WarehouseMissing(
            f"No headline backtest of {', '.join(unjudged)} stands to judge by: materialize "
            "modeling/backtests without a window of your own, or `realty run all`."
        )
    off = off_coverage(warehouse.read(BACKTESTS))
    broken, out = broken_in(warehouse, models), Judged()
    for row in to_judge(models, aliases):
        if track is not None and row["track"] != track:
            continue
        version = Titles(aliases).of(row["name"], CHAMPION)
        record = records[row["name"]]
        slices = off.filter(backtest_id=record["backtest_id"])["slice"].to_list()
        floors = judge_floors(policy, record, row["model_version"] not in broken, slices)
        if policy.baselines:
            floors.append(baseline_gate(read_baselines(warehouse, record["backtest_id"])))
        evidence = {
            "backtest_id": record["backtest_id"],
            "policy_sha256": policy.sha256,
        } | {key: row[key] for key in sorted(row) if key.endswith(("_hash", "sha256"))}
        known = models.filter(name=row["name"], model_version=version or "")
        works = len(known) > 0 and version not in broken
        one = Judgement(row["name"], row["model_version"], version, works, floors, evidence)
        rows = pl.DataFrame(schema=rescoring.SCHEMA)
        if works and floors[0].passed:
            theirs = known.row(-1, named=True)
            one, rows = _against(home, policy, one, row, theirs)
            out.pairs[one.name, one.model_version, theirs["model_version"]] = rows
        out.of.append(_named(one, rows))
    return out


def broken_in(warehouse: Warehouse, models: pl.DataFrame) -> frozenset[str]:
    """Versions of `models` that this home cannot load or feed."""
    empty = sql("promotion/matrix_columns.sql")
    columns = {
        track: warehouse.read(empty.bind(matrix=matrix)).columns
        for track, matrix in MATRICES.items()
    }
    return broken_models(warehouse.home, models, columns)


def _against(
    home: ModelHome, policy: Policy, one: Judgement, row: Row, theirs: Row
) -> tuple[Judgement, pl.DataFrame]:
    """(the judgement with all gates against the champion, promotion.paired_sales of the two)."""
    track, warehouse = row["track"], home.warehouse
    first = next((h.first for h in home.headlines_or_none() if h.track == track), None)
    market = home.market(track, first)
    candidate, champion = (load_valuer(warehouse.home / r["artifact"]) for r in (row, theirs))
    own = recipe_json(recipe(market)) == row["params"]
    predictions, short = _evidence(home, market, candidate, own)
    rows = pl.DataFrame(schema=rescoring.SCHEMA)
    gates = [*data_gates(data_state(home, market, predictions), policy), *one.gates]
    if not own:
        gates.append(no_pairs("the headline walk is of other settings than this model"))
    elif short is not None:
        gates.append(no_pairs(str(short)))
    else:
        try:
            both = rescoring.judged_pairs(predictions, champion, market, photo_counts(warehouse))
        except rescoring.Unpaired as error:
            raise StaleEvidence(
                f"{error}: modeling.predictions is of other sales than clean.sales, materialize "
                "modeling/predictions first (`realty run all` makes everything in order)."
            ) from error
        rows = rescoring.paired_rows_of(both, one.name, one.model_version, theirs["model_version"])
        by_intervals = candidate.base is not None and same_values(candidate, champion)
        refresh = _refreshes(row, theirs)
        gates += _of_pairs(both, policy, refresh, by_intervals, champion.cutoff)
    machine = machine_of(candidate, champion, warehouse.home / row["artifact"], market.matrix)
    gates += model_gates(machine, policy)
    remake = _remake(home, market, candidate, row, own)
    gates = with_remake(gates, policy, one.model_version, theirs["model_version"], remake)
    return replace(one, gates=gates, ms_per_home=machine.ms_per_home), rows


def _evidence(
    home: ModelHome, market: Market, candidate: Valuer, own: bool
) -> tuple[pl.DataFrame, NotEnoughSales | None]:
    """(out-of-time predictions that answer for the candidate, why there are none): the headline
    walk; of a recalibration its boosters', frozen, each month with intervals made anew then."""
    if candidate.base is None or not own:
        asked = sql("promotion/headline.sql").bind(track=market.track)
        return home.warehouse.read(asked), None
    walk = own_walk(candidate, walked_of(home, market.track), market, home.today)
    try:
        return out_of_time(candidate, walk, market, home.today, home.n_months), None
    except NotEnoughSales as error:
        return pl.DataFrame(), error


def _of_pairs(
    both: pl.DataFrame, policy: Policy, refresh: bool, by_intervals: bool, since: Any
) -> list[Gate]:
    if both.is_empty():
        return [no_pairs(f"no month of the headline begins on or after the champion's {since}")]
    if (n := both["excluded_by"].null_count()) < MIN_SALES:
        return [no_pairs(f"only {n} valid sales since the champion's {since}")]
    return paired_gates(pairs_of(both), policy, refresh, by_intervals)


def _refreshes(row: Row, theirs: Row) -> bool:
    """Is this the champion's recipe with more sales?"""
    same = all(row[name] == theirs[name] for name in OF_RECIPE)
    return same and row["cutoff"] > theirs["cutoff"]


def _remake(home: ModelHome, market: Market, candidate: Valuer, row: Row, own: bool) -> Remake:
    def remake() -> tuple[bool | None, str]:
        if row["data_hash"] != home.snapshot_hash():
            return None, "inputs moved on: the tables are not those that it was trained on"
        if not own:
            return None, "settings moved on: they are not those that it was trained by"
        walked = walked_of(home, row["track"])
        if candidate.base is None:
            again = fit_valuer(market, walked, row["cutoff"])
        else:
            errors = own_walk(candidate, walked, market, row["cutoff"])
            again = recalibrated(candidate, errors, market, row["cutoff"])
        return again.content_hash == row["content_hash"], f"came out as {again.model_version}"

    return remake


def _named(one: Judgement, rows: pl.DataFrame) -> Judgement:
    """The judgement with hashes of what it looked at among its evidence."""
    seen = {
        "gates_sha256": hashlib.sha256(one.gates_json.encode()).hexdigest(),
        "paired_sales_sha256": rescoring.sha256(rows) if len(rows) else None,
        "n_paired_sales": len(rows),
    }
    return replace(one, evidence=one.evidence | seen)
