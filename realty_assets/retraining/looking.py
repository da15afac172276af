"""From the tables of a home to what the decision depends on: its signals, and what stands in the
way."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import polars as pl

import realty_assets
from realty_assets.features.registry import features, registry_hash
from realty_assets.features.tracks import MATRICES
from realty_assets.modeling.home_models import ModelHome
from realty_assets.modeling.markets import read_tuned
from realty_assets.modeling.model import ModelBroken, load_valuer
from realty_assets.modeling.training import recipe_json
from realty_assets.modeling.walk_forward import CODE_VERSION
from realty_assets.monitoring.populations import ALL_TRACKS, ASKED
from realty_assets.promotion.ledger import DECISION_SCHEMA, in_form, waiting
from realty_assets.promotion.policy import read_policy as read_promotion
from realty_assets.retraining import champion_months as cm
from realty_assets.retraining.deciding import Signal
from realty_assets.retraining.policy import CalendarRule, DriftRule, NewSalesRule, Policy
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

Row = dict[str, Any]


def champions(warehouse: Warehouse) -> list[Row]:
    """The row of modeling.models of every track's champion; `trained_before`: its boosters'
    cutoff."""
    if not (warehouse.exists("promotion.aliases") and warehouse.exists("modeling.models")):
        return []
    rows = warehouse.read(sql("retraining/champions.sql")).to_dicts()
    models = warehouse.read("modeling.models", columns=["track", "model_version", "cutoff"])
    return [row | {"trained_before": _trained_before(row, models)} for row in rows]


def _trained_before(row: Row, models: pl.DataFrame) -> date:
    """The cutoff of the boosters: a recalibration is no retrain."""
    version = row.get("recalibrates") or row["model_version"]
    of = models.filter(track=row["track"], model_version=version)
    day: date = of["cutoff"][-1]
    return day


def months_of_champions(home: ModelHome) -> pl.DataFrame:
    """retraining.champion_months; a champion that cannot be loaded has no rows (the gate lets
    another take over)."""
    parts = [pl.DataFrame(schema=cm.SCHEMA)]
    windows = {one.track: one.first for one in home.headlines_or_none()}
    for row in champions(home.warehouse):
        track = row["track"]
        try:
            champion = load_valuer(home.warehouse.home / row["artifact"])
        except ModelBroken:
            continue
        walked = home.warehouse.read(sql("promotion/headline.sql").bind(track=track))
        parts.append(
            cm.champion_months(
                champion,
                lambda track=track: home.market(track, windows.get(track)),  # type: ignore[misc]
                walked,
                home.today,
            )
        )
    return pl.concat(parts).sort("track", "champion_version", "month", "in_reference")


def signals(home: ModelHome, policy: Policy, *, calendar: bool) -> list[Signal]:
    """Every trigger that the policy asks for, of every track that has a champion. `calendar`: the
    schedule asks."""
    found = []
    asked, warehouse = policy.triggers, home.warehouse
    months = warehouse.read(cm.TABLE)
    for row in champions(warehouse):
        own = months.filter(
            pl.col("track") == row["track"], pl.col("champion_version") == row["model_version"]
        )
        if asked.performance is not None:
            found.append(performance_signal(row, cm.standing(own, asked.performance)))
        if asked.drift is not None:
            found.append(_drift(home, row, asked.drift))
        if asked.new_sales is not None:
            found.append(_new_sales(home, row, asked.new_sales))
        if asked.calendar is not None and calendar:
            found.append(_calendar(home, row, asked.calendar))
        if asked.change:
            found.append(_change(home, row))
    return found


def refits(home: ModelHome) -> dict[str, bool]:
    """Of each track with a champion: would training now, without a search, go by its settings?"""
    windows = {one.track: one.first for one in home.headlines_or_none()}
    found = {}
    for row in champions(home.warehouse):
        track = row["track"]
        if track in windows:
            base = home.settings.for_track(track)
            model = read_tuned(home.warehouse, track, base, windows[track])
            own = recipe_json({"model": asdict(model), "features": home.features.described()})
            found[track] = own == row["params"]
    return found


def unfit(home: ModelHome) -> str | None:
    """Why nothing is to be learned from the data as they are; None when they are fit."""
    warehouse = home.warehouse
    if warehouse.exists("monitoring.alerts"):
        broken = warehouse.read(sql("retraining/broken_feeds.sql"))
        if len(broken):
            return f"what comes in is broken (alert {broken['alert_id'][0]}): see to it first"
    rule = read_promotion(warehouse.home).data
    newest = warehouse.read(sql("retraining/newest_sale.sql").bind(today=home.today))["newest"][0]
    if newest is None:
        return "no sale is known"
    if rule is not None and newest < home.today - timedelta(days=rule.newest_sale_within_days):
        return f"the newest sale is of {newest}, more than {rule.newest_sale_within_days} days old"
    return None


def awaits_approval(warehouse: Warehouse) -> str | None:
    """The challenger that waits for a person; None when none does."""
    if not warehouse.exists("promotion.decisions"):
        return None
    decisions = in_form(warehouse.read("promotion.decisions"), DECISION_SCHEMA)
    found = waiting(decisions, warehouse.read("promotion.aliases"))
    if found.is_empty():
        return None
    return f"a challenger waits for approval: {found['model_version'][0]} (`realty promote`)"


def performance_signal(row: Row, seen: cm.Standing | None) -> Signal:
    """What the frozen champion's newest months say; `row` has track and model_version."""
    about = {"track": row["track"], "champion": row["model_version"]}
    if seen is None:
        return Signal(kind="performance", met=False, says="too few sales since", **about)
    figures = seen.figures
    was = figures["reference_error"]
    says = (
        f"{figures['n']} sales of {', '.join(figures['months'])}: error {figures['error']:.4f}"
        + (f" (was {was:.4f})" if was is not None else "")
        + f", bias {figures['bias']:+.4f}, coverage {figures['coverage_90']:.1%}"
        + (f"; out of line: {', '.join(seen.breaches)}" if seen.breaches else "")
    )
    evidence = {**figures, "breaches": seen.breaches, "doubts": seen.doubts}
    return Signal(
        kind="performance",
        met=bool(seen.breaches),
        suspect=bool(seen.doubts),
        says=says,
        evidence=evidence,
        **about,
    )


def _signal(row: Row, kind: Any, met: bool, says: str, **evidence: Any) -> Signal:
    return Signal(row["track"], kind, met, says, evidence, champion=row["model_version"])


def _drift(home: ModelHome, row: Row, rule: DriftRule) -> Signal:
    if not home.warehouse.exists("monitoring.drift"):
        return _signal(row, "drift", False, "nothing is monitored yet")
    open_ = home.warehouse.read(sql("monitoring/open_breaches.sql").bind(today=home.today))
    own = open_.filter(
        pl.col("track").is_in([row["track"], ALL_TRACKS]),
        pl.col("population") != ASKED,
        pl.col("severity") == "critical",
        pl.col("n_consecutive") >= rule.consecutive,
    )
    names = sorted(set(own["feature"]))
    says = f"{len(names)} features are critical for {rule.consecutive} months or more"
    return _signal(row, "drift", len(names) >= rule.min_features, says, features=names[:20])


def _new_sales(home: ModelHome, row: Row, rule: NewSalesRule) -> Signal:
    asked = sql("retraining/new_sales.sql").bind(
        matrix=MATRICES[row["track"]], since=row["trained_before"], today=home.today
    )
    n = int(home.warehouse.read(asked)["n"][0])
    return new_sales_signal(row, n, rule)


def new_sales_signal(row: Row, n: int, rule: NewSalesRule) -> Signal:
    """`n` sales have become known since the champion of `row` (n_train) was made."""
    needed = max(rule.at_least, round(rule.share * row["n_train"]))
    says = f"{n} new sales since its cutoff, {needed} are asked for"
    return _signal(row, "new_sales", n >= needed, says, n=n, n_train=row["n_train"])


def _calendar(home: ModelHome, row: Row, rule: CalendarRule) -> Signal:
    age = (home.today - row["trained_before"]).days
    says = f"the champion is {age} days old, {rule.days} are asked for"
    return _signal(row, "calendar", age >= rule.days, says, days=age)


def _change(home: ModelHome, row: Row) -> Signal:
    specs = features(home.features.comps, home.features.layers, row["track"])
    now = {
        "feature_registry_hash": registry_hash(specs),
        "code_version": f"{realty_assets.__version__}-{CODE_VERSION}",
        "features": home.features.described(),
    }
    was = {**row, "features": json.loads(row["params"])["features"]}
    told = json.loads(json.dumps(now))
    changed = [name for name in now if told[name] != was[name]]
    says = f"{', '.join(changed)} changed" if changed else "features and code are the champion's"
    return _signal(row, "change", bool(changed), says, changed=changed)
