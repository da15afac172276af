"""How right a champion has been since it was made: month by month, frozen, beside its own past.

Values are those of the first of each month on features as of then, as the gate's rescoring makes
them: so the market index, comparables and windows are fresh, and boosters, level and intervals are
the champion's. The reference are out-of-time predictions of the months before its cutoff, by its
recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.splits import Fold, next_month, rolling_origin
from realty_assets.features.sales import effective_known_at
from realty_assets.modeling.frozen import frozen_rows
from realty_assets.modeling.model import Valuer
from realty_assets.modeling.walk_forward import Market
from realty_assets.retraining.policy import PerformanceRule

TABLE = "retraining.champion_months"
CODE_VERSION = "1"
NOMINAL = 0.90
# Fewer months do not say by how much months differ.
MIN_MONTHS = 3
# Newest months since the cutoff that are valued, however old the champion is.
MOST_MONTHS = 6
SCHEMA: dict[str, Any] = {
    "track": pl.String,
    "champion_version": pl.String,
    "month": pl.Date,
    "in_reference": pl.Boolean,
    "n_sales": pl.Int64,
    "mean_abs_log": pl.Float64,
    "sd_abs_log": pl.Float64,
    "mean_log": pl.Float64,
    "sd_log": pl.Float64,
    "mdape": pl.Float64,
    "n_covered": pl.Int64,
}
SAID = ("close_price", "value", "lower_90", "upper_90")
_NORMAL = NormalDist()
Row = dict[str, Any]


def champion_sales(champion: Valuer, market: Market, folds: Sequence[Fold]) -> pl.DataFrame:
    """`cutoff`, `listing_key`, `property_key`, `known_at`, `excluded_by` and SAID of every sale of
    `folds` (not before the champion's cutoff), as the champion values it on the first of the
    month."""
    parts = []
    later = [fold for fold in folds if fold.cutoff >= champion.cutoff]
    for fold, rows in frozen_rows(market, later) if later else ():
        said = champion.predict(rows).select("value", "lower_90", "upper_90")
        keys = rows.with_columns(
            pl.lit(fold.cutoff).alias("cutoff"), known_at=effective_known_at()
        ).select(
            *("cutoff", "listing_key", "property_key", "known_at", "excluded_by"),
            pl.col("close_price").cast(pl.Float64),
        )
        parts.append(keys.hstack(said))
    return pl.concat(parts) if parts else pl.DataFrame()


def months_since(cutoff: date, today: date) -> list[Fold]:
    """The newest MOST_MONTHS months that begin on or after `cutoff` and before `today`."""
    first = cutoff if cutoff.day == 1 else next_month(cutoff.replace(day=1))
    last = today.replace(day=1)
    found = list(rolling_origin(first, last)) if first <= last else []
    return found[-MOST_MONTHS:]


def champion_months(
    champion: Valuer, market: Callable[[], Market], walked: pl.DataFrame, today: date
) -> pl.DataFrame:
    """Rows of SCHEMA of one champion as of `today`; `walked` are out-of-time predictions of its
    recipe (modeling.predictions), of which those before its cutoff are the reference. `market` is
    asked for when there are months to value."""
    folds = months_since(champion.cutoff, today)
    sales = champion_sales(champion, market(), folds) if folds else pl.DataFrame()
    rows = [*month_rows(known_then(sales, today), champion, False)]
    if len(walked):
        before = walked.filter(pl.col("cutoff") < champion.cutoff).with_columns(value="prediction")
        rows = [*month_rows(before, champion, True), *rows]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def known_then(sales: pl.DataFrame, today: date) -> pl.DataFrame:
    """The sales of `champion_sales` that were known before `today`."""
    if sales.is_empty():
        return sales
    return sales.filter(pl.col("known_at") < pl.lit(today).cast(pl.Datetime("us")))


def month_rows(sales: pl.DataFrame, champion: Valuer, in_reference: bool) -> list[Row]:
    """One row per month of valid `sales` (cutoff, excluded_by, SAID)."""
    if sales.is_empty():
        return []
    rows = []
    valid = sales.filter(pl.col("excluded_by").is_null()).sort("cutoff", *SAID)
    for (month,), own in valid.group_by("cutoff", maintain_order=True):
        price, value, lower, upper = (own[name].cast(pl.Float64).to_numpy() for name in SAID)
        off = np.log(value / price)
        rows.append(
            {
                "track": champion.track,
                "champion_version": champion.model_version,
                "month": month,
                "in_reference": in_reference,
                "n_sales": len(own),
                **_spread("abs_log", np.abs(off)),
                **_spread("log", off),
                "mdape": float(np.median(np.abs(value / price - 1.0))),
                "n_covered": int(np.count_nonzero((lower <= price) & (price <= upper))),
            }
        )
    return rows


def _spread(name: str, values: npt.NDArray[np.float64]) -> dict[str, float]:
    n = len(values)
    mean = float(np.add.reduce(values)) / n
    spread = sqrt(float(np.add.reduce((values - mean) ** 2)) / max(n - 1, 1))
    return {f"mean_{name}": mean, f"sd_{name}": spread}


@dataclass(frozen=True)
class Standing:
    """How the newest months of a champion stand: `breaches` beyond the margins and beyond chance,
    `doubts` at the weaker level; `figures` (shares, log points, counts)."""

    figures: dict[str, Any]
    breaches: tuple[str, ...]
    doubts: tuple[str, ...]


def standing(months: pl.DataFrame, rule: PerformanceRule) -> Standing | None:
    """Judges one champion's rows of SCHEMA; None while its newest months have too few sales.

    Each figure has a one-sided z test: the mean absolute error of log price against the
    reference's, the mean log ratio against zero, and the share that intervals hold. Months differ
    by more than their sales do (a level is read late): what the reference's own months differ by
    is part of the standard error.
    """
    since = months.filter(~pl.col("in_reference")).sort("month").tail(rule.months).to_dicts()
    n = sum(row["n_sales"] for row in since)
    if n < rule.min_sales:
        return None
    error, error_se = _pooled(since, "abs_log")
    bias, bias_se = _pooled(since, "log")
    covered = sum(row["n_covered"] for row in since) / n
    reference = months.filter("in_reference").to_dicts()
    usual = {name: between(reference, name) / len(since) for name in ("log", "abs_log", "covered")}
    figures: dict[str, Any] = {
        "months": [f"{row['month']:%Y-%m}" for row in since],
        "n": n,
        "error": error,
        "bias": bias,
        "coverage_90": covered,
        "reference_error": None,
    }
    least = rule.coverage_at_least
    # How far beyond the margin (full, half), and with what standard error.
    tests = {
        "bias": (abs(bias), rule.bias_margin, sqrt(bias_se**2 + usual["log"])),
        "coverage": (
            NOMINAL - covered,
            NOMINAL - least,
            sqrt(NOMINAL * (1 - NOMINAL) / n + usual["covered"]),
        ),
    }
    if reference and sum(row["n_sales"] for row in reference) >= rule.min_sales:
        was, was_se = _pooled(reference, "abs_log")
        figures["reference_error"] = was
        grown = error / was - 1.0
        error_se = sqrt(error_se**2 + was_se**2 + usual["abs_log"])
        tests["error"] = (grown, rule.error_margin, error_se / was)
    breaches, doubts = [], []
    for name, (seen, margin, se) in sorted(tests.items()):
        p = 1.0 - _NORMAL.cdf(seen / se) if se > 0 else float(seen <= 0)
        if seen >= margin and p <= rule.alpha:
            breaches.append(name)
        if seen >= margin / 2 and p <= rule.doubt:
            doubts.append(name)
    return Standing(figures, tuple(breaches), tuple(doubts))


def between(rows: Sequence[Row], name: str) -> float:
    """Variance of a figure between months, beyond what their sales explain; 0 of fewer than
    MIN_MONTHS. `covered` is the share that intervals hold, others are mean_... of SCHEMA."""
    if len(rows) < MIN_MONTHS:
        return 0.0
    n = np.array([row["n_sales"] for row in rows], dtype=np.float64)
    if name == "covered":
        means = np.array([row["n_covered"] for row in rows]) / n
        within = np.full(len(rows), NOMINAL * (1 - NOMINAL)) / n
    else:
        means = np.array([row[f"mean_{name}"] for row in rows])
        within = np.array([row[f"sd_{name}"] for row in rows]) ** 2 / n
    own = means - float(np.add.reduce(means)) / len(means)
    spread = float(np.add.reduce(own**2)) / (len(means) - 1)
    return max(spread - float(np.add.reduce(within)) / len(within), 0.0)


def _pooled(rows: Sequence[Row], name: str) -> tuple[float, float]:
    """(mean, standard error of the mean) of the sales of several months together."""
    n = np.array([row["n_sales"] for row in rows], dtype=np.float64)
    means = np.array([row[f"mean_{name}"] for row in rows])
    spreads = np.array([row[f"sd_{name}"] for row in rows])
    total = float(np.add.reduce(n))
    mean = float(np.add.reduce(n * means)) / total
    square = float(np.add.reduce((n - 1) * spreads**2 + n * (means - mean) ** 2))
    return mean, sqrt(square / max(total - 1, 1) / total)
