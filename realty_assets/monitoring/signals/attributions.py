"""What the champion's values come from, month by month, and how far that is from the reference.

A feature's share of a month is its part of the mean |contribution| of all features (Shapley values
in log points, as analysis/contributions gives them; a start that a member carries in its margin is
the comparables' own). The market's level is the calendar's and stays out. Two distances tell of all
features: half the sum of |share - share of the reference| (total variation), and 1 - nDCG of the
month's order by the reference's shares (as Vertex AI and SageMaker Clarify watch attributions).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.analysis.contributions import explain
from realty_assets.modeling.model import Valuer
from realty_assets.modeling.points import STARTS
from realty_assets.monitoring import populations as who
from realty_assets.monitoring.measures import SCHEMA as DRIFT_SCHEMA
from realty_assets.monitoring.signals.common import ATTRIBUTIONS, newest_usual, sampled
from realty_assets.serving.champion import champion
from realty_assets.warehouse import Warehouse

Array = npt.NDArray[np.float64]
TABLE = "monitoring.attributions"
CODE_VERSION = "1"
ATTRIBUTION_SHARE = "attribution_share"
ATTRIBUTION_DISTANCE, ATTRIBUTION_ORDER = "attribution_distance", "attribution_order"
METHODS = frozenset({ATTRIBUTION_SHARE, ATTRIBUTION_DISTANCE, ATTRIBUTION_ORDER})
# Sales of a month whose values are taken apart.
MOST_ROWS = 120
SCHEMA: dict[str, Any] = {
    "track": pl.String,
    "reference": pl.String,
    "month": pl.Date,
    "in_reference": pl.Boolean,
    "feature": pl.String,
    "n": pl.Int64,
    "mean_abs_log": pl.Float64,
    "basis": pl.String,
}
ORDER = ("track", "month", "in_reference", "feature")


def make_attributions(
    warehouse: Warehouse, today: date, before: pl.DataFrame | None, n_threads: int = 1
) -> pl.DataFrame:
    """monitoring.attributions as of `today`; months of `before` whose sales and champion are the
    same are taken over, and those of a later day than `today` are left alone. The numbers do not
    depend on `n_threads`."""
    if before is None:
        before = pl.DataFrame(schema=SCHEMA)
    parts = [before.filter(pl.col("month") > today.replace(day=1))]
    for reference in who.references(warehouse).values():
        if reference.model_version is not None:
            parts += _of_track(warehouse, today, reference, before, n_threads)
    return pl.concat(parts).sort(ORDER)


def _of_track(
    warehouse: Warehouse,
    today: date,
    reference: who.Reference,
    before: pl.DataFrame,
    n_threads: int,
) -> Iterator[pl.DataFrame]:
    """Before the first month behind the reference there is nothing to hold against it: no rows."""
    keys = who.sale_keys(warehouse, today, reference).with_columns(population=pl.lit(who.SALES))
    chosen = sampled(newest_usual(keys), MOST_ROWS)
    if chosen["in_reference"].all():
        return
    bases = _bases(chosen, reference)
    months = ["month", "in_reference", "basis"]
    mine = before.filter(
        pl.col("track") == reference.track, pl.col("month") <= today.replace(day=1)
    )
    stand = mine.join(bases, on=months, how="semi")
    yield stand.with_columns(reference=pl.lit(reference.name))
    wanted = bases.join(stand, on=months, how="anti")
    if wanted.is_empty():
        return
    valuer = champion(warehouse, reference.track)
    needed = (*valuer.point.names, STARTS[valuer.point.target], "ln_living_area", "index_log")
    columns = list(dict.fromkeys([*needed, "basis"]))
    rows = sampled(who.sale_rows(warehouse, today, reference, columns), MOST_ROWS)
    for month, inside, basis in wanted.rows():
        own = rows.filter(pl.col("month") == month, pl.col("in_reference") == inside)
        names, sizes = mean_sizes(valuer, own, n_threads)
        yield (
            pl.DataFrame({"feature": names, "mean_abs_log": sizes})
            .with_columns(
                track=pl.lit(reference.track),
                reference=pl.lit(reference.name),
                month=pl.lit(month),
                in_reference=pl.lit(inside),
                n=pl.lit(len(own), pl.Int64),
                basis=pl.lit(basis),
            )
            .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
        )


def mean_sizes(
    valuer: Valuer, rows: pl.DataFrame, n_threads: int = 1
) -> tuple[tuple[str, ...], Array]:
    """(names (k,), mean |contribution| (k,) in log points) of matrix rows."""
    parts = explain(valuer, rows, n_threads)
    each = parts.features.copy()
    each[:, -1] += parts.start - np.median(parts.start)
    return parts.names, np.mean(np.abs(each), axis=0)


def _bases(chosen: pl.DataFrame, reference: who.Reference) -> pl.DataFrame:
    """`month`, `in_reference` and `basis`: the hash of the sales explained and of who explains."""
    context = json.dumps([CODE_VERSION, reference.model_version])
    told = [
        (*key, hashlib.sha256((context + "".join(own["basis"])).encode()).hexdigest()[:32])
        for key, own in chosen.group_by("month", "in_reference", maintain_order=True)
    ]
    schema = {"month": pl.Date, "in_reference": pl.Boolean, "basis": pl.String}
    return pl.DataFrame(told, schema=schema, orient="row")


def attribution_drift(attributions: pl.DataFrame, min_reference: int) -> pl.DataFrame:
    """Rows of measures.SCHEMA with `drivers`, of the attributions of one track by one model: each
    feature's share less the reference's by ATTRIBUTION_SHARE, all of them by the two distances.

    Months of the reference are held against the rest of it. Without `min_reference` sales in it
    there are no rows. What is usual is left to `common.with_usual`.
    """
    schema = DRIFT_SCHEMA | {"drivers": pl.String}
    inside = attributions.filter("in_reference")
    months = (
        attributions.select("month", "in_reference", "n").unique().sort("month", "in_reference")
    )
    n_reference = int(months.filter("in_reference")["n"].sum())
    if n_reference < min_reference:
        return pl.DataFrame(schema=schema)
    names = attributions["feature"].unique().sort().to_list()
    total = _weighted(inside, names)
    parts = []
    for month, first, n in months.rows():
        own = attributions.filter(pl.col("month") == month, pl.col("in_reference") == first)
        size = _weighted(own, names)
        rest, n_rest = (total - size, n_reference - n) if first else (total, n_reference)
        if n_rest <= 0 or not size.sum() > 0 or not rest.sum() > 0:
            continue
        told = _distances(size / size.sum(), rest / rest.sum(), names)
        parts.append(
            told.with_columns(
                population=pl.lit(who.SALES),
                month=pl.lit(month),
                in_reference=pl.lit(first),
                n=pl.lit(n, pl.Int64),
                n_reference=pl.lit(n_rest, pl.Int64),
            )
        )
    if not parts:
        return pl.DataFrame(schema=schema)
    told = pl.concat(parts)
    missing = [
        pl.lit(None).cast(kind).alias(k) for k, kind in schema.items() if k not in told.columns
    ]
    return told.with_columns(missing).select(pl.col(k).cast(kind) for k, kind in schema.items())


def order_lost(own: Array, reference: Array) -> float:
    """1 - nDCG (n,), (n,): how much of the reference's shares is lost when features are gone
    through in the month's order (Jarvelin and Kekalainen 2002); 0 for the same order."""
    discount = 1.0 / np.log2(np.arange(len(own)) + 2.0)
    ordered = reference[np.argsort(-own, kind="stable")]
    best = float(np.sum(np.sort(reference)[::-1] * discount))
    return max(1.0 - float(np.sum(ordered * discount)) / best, 0.0)


def _weighted(rows: pl.DataFrame, names: list[str]) -> Array:
    """Sum over sales (k,) of |contribution|, by feature."""
    by_name = {
        name: float(own.select(pl.col("mean_abs_log") * pl.col("n")).to_series().sort().sum())
        for (name,), own in rows.group_by("feature")
    }
    return np.array([by_name.get(name, 0.0) for name in names])


def _distances(own: Array, reference: Array, names: list[str]) -> pl.DataFrame:
    change = own - reference
    farthest = [names[at] for at in np.argsort(-np.abs(change), kind="stable")[:3]]
    whole = {"feature": ATTRIBUTIONS, "drivers": ", ".join(farthest)}
    return pl.DataFrame(
        [
            *(
                {"feature": name, "method": ATTRIBUTION_SHARE, "value": float(by), "drivers": None}
                for name, by in zip(names, change, strict=True)
            ),
            {**whole, "method": ATTRIBUTION_DISTANCE, "value": float(np.abs(change).sum() / 2.0)},
            {**whole, "method": ATTRIBUTION_ORDER, "value": order_lost(own, reference)},
        ],
        schema={
            "feature": pl.String,
            "method": pl.String,
            "value": pl.Float64,
            "drivers": pl.String,
        },
    )
