"""Ways to make an interval, side by side on the same values; and what abstaining would buy.

`static` calibrates once, before the window; `rolling` anew at each cutoff (what is published);
`adaptive` is rolling with its error rate moved by what was missed the month before (ACI: Gibbs and
Candes 2021); `symmetric` is plain split conformal on |value / price - 1|, calibrated on the same
months, the yardstick.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES
from realty_assets.evaluation.intervals import covered, interval_quality
from realty_assets.evaluation.metrics import point_accuracy
from realty_assets.features.tracks import ON_MARKET
from realty_assets.modeling.backtest import calibration_at, calibration_rows
from realty_assets.modeling.conformal import LISTING_INPUTS, areas_of, conformal_quantile
from realty_assets.modeling.settings import ModelSettings

CODE_VERSION = "2"
METHODS, HIT_RATES = "modeling.interval_methods", "modeling.hit_rates"
Array = npt.NDArray[np.float64]
Ends = tuple[Array, Array, Array]

ADAPTIVE_STEP = 0.5
ALPHA_RANGE = (0.01, 0.4)
MIN_AREA_SALES = 50
LOW_AREA, VERY_LOW_AREA = 0.80, 0.70
SHARES = (1.0, 0.99, 0.98, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)


def study(
    predictions: pl.DataFrame, walked: pl.DataFrame, settings: ModelSettings
) -> dict[str, pl.DataFrame]:
    """The tables by name: METHODS, one row per backtest and method; HIT_RATES, one per backtest
    and share of homes still valued. Headline backtests only."""
    methods, hits = [], []
    headline = predictions.filter("is_headline")
    for (name, track), rows in sorted(
        headline.group_by("backtest_id", "track"), key=lambda part: str(part[0])
    ):
        mine = walked.filter(pl.col("track") == track)
        if track != ON_MARKET:
            mine = mine.drop(LISTING_INPUTS, strict=False)
        cutoffs = sorted(rows["cutoff"].unique())
        for method, ends in _methods(mine, cutoffs, settings).items():
            row = {"backtest_id": name, "track": track, "method": method}
            methods.append(row | _quality(mine, cutoffs, ends, settings))
        hits += [
            {"backtest_id": name, "track": track, **row} for row in hit_rates(rows, settings.alpha)
        ]
    return {METHODS: _frame(methods), HIT_RATES: _frame(hits)}


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


def _methods(
    walked: pl.DataFrame, cutoffs: list[date], settings: ModelSettings
) -> dict[str, list[Ends]]:
    """(value, lower, upper) in usd of each month's sales, by method."""
    rolling, adaptive = settings, settings
    made: dict[str, list[Ends]] = {
        name: [] for name in ("static", "rolling", "adaptive", "symmetric")
    }
    first = calibration_at(walked, cutoffs[0], settings)
    for cutoff in cutoffs:
        month = walked.filter(pl.col("cutoff") == cutoff)
        value, spread = month["log_value"].to_numpy(), month["spread"].to_numpy()
        price = month["close_price"].to_numpy()
        calibration = calibration_at(walked, cutoff, rolling)
        made["static"].append(_dollars(first.interval(month, value, spread)))
        made["rolling"].append(_dollars(calibration.interval(month, value, spread)))
        moved = calibration_at(walked, cutoff, adaptive)
        ends = _dollars(moved.interval(month, value, spread))
        made["adaptive"].append(ends)
        missed = 1.0 - float(np.mean(covered(ends[1], ends[2], price)))
        alpha = adaptive.alpha + ADAPTIVE_STEP * (settings.alpha - missed)
        adaptive = replace(adaptive, alpha=float(np.clip(alpha, *ALPHA_RANGE)))
        before = calibration_rows(walked, cutoff, settings)
        own = np.exp(before["log_value"].to_numpy() + calibration.level_shift)
        score = np.abs(own / before["close_price"].to_numpy() - 1.0)
        width = min(conformal_quantile(score, 1.0 - settings.alpha), 0.95)
        point = np.exp(value + calibration.level_shift)
        made["symmetric"].append((point, point / (1.0 + width), point / (1.0 - width)))
    return made


def _dollars(ends: Ends) -> Ends:
    value, lower, upper = (np.exp(x) for x in ends)
    return value, lower, upper


def _quality(
    walked: pl.DataFrame, cutoffs: list[date], ends: list[Ends], settings: ModelSettings
) -> dict[str, Any]:
    """Coverage, width and Winkler score with intervals; the worst quartile, area and month."""
    rows = pl.concat([walked.filter(pl.col("cutoff") == cutoff) for cutoff in cutoffs])
    value, lower, upper = (np.concatenate(part) for part in zip(*ends, strict=True))
    price = rows["close_price"].to_numpy()
    out: dict[str, Any] = {"n": len(rows)}
    if len(rows) < MIN_SALES:
        return out
    out |= interval_quality(
        value, lower, upper, price, settings.alpha, seed=settings.seed
    ).as_dict()
    inside = covered(lower, upper, price)
    rank = np.argsort(np.argsort(value, kind="stable"), kind="stable")
    quartile = np.minimum(rank * 4 // len(rows), 3)
    by_quartile = [float(inside[quartile == q].mean()) for q in range(4)]
    names, area = np.unique(np.array(areas_of(rows), dtype=str), return_inverse=True)
    count = np.bincount(area, minlength=len(names))
    share = np.bincount(area, inside.astype(np.float64), len(names)) / count
    large = share[count >= MIN_AREA_SALES]
    months = rows["cutoff"].to_numpy()
    by_month = [float(inside[months == np.datetime64(c)].mean()) for c in cutoffs]
    return out | {
        "lowest_quartile_coverage": min(by_quartile),
        "highest_quartile_coverage": max(by_quartile),
        "lowest_month_coverage": min(by_month),
        "highest_month_coverage": max(by_month),
        "n_areas": len(large),
        "n_areas_below_80": int((large < LOW_AREA).sum()),
        "n_areas_below_70": int((large < VERY_LOW_AREA).sum()),
        "lowest_area_coverage": float(large.min()) if len(large) else None,
    }


def hit_rates(predictions: pl.DataFrame, alpha: float) -> list[dict[str, Any]]:
    """Accuracy of the homes that would still be valued if the widest intervals abstained."""
    width = (predictions["upper_90"] / predictions["lower_90"]).to_numpy()
    order = np.argsort(width, kind="stable")
    rows = []
    for share in SHARES:
        kept = order[: max(round(share * len(order)), 1)]
        if len(kept) < MIN_SALES:
            continue
        part = predictions[kept]
        p, s = part["prediction"].to_numpy(), part["close_price"].to_numpy()
        accuracy = point_accuracy(p, s)
        inside = covered(part["lower_90"], part["upper_90"], s)
        rows.append(
            {
                "hit_rate": share,
                "n": len(kept),
                "widest_log_width": float(np.log(width[kept[-1]])),
                "mdape": accuracy.mdape,
                "ppe10": accuracy.ppe10,
                "ppe20": accuracy.ppe20,
                "coverage": float(inside.mean()),
            }
        )
    return rows
