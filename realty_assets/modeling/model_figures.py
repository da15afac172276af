"""Figures of a model's record as PNG files: the same record gives the same bytes on one machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from realty_assets.drawing import usd_short
from realty_assets.evaluation.arrays import MIN_SALES
from realty_assets.modeling.model import Valuer
from realty_assets.modeling.model_record import ModelRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACCENT, OUT, MUTED, SOFT = "#0d6373", "#c2570c", "#5d6570", "#e9e6dc"
MOST_BANDS, MOST_FEATURES = 10, 20
# Share of the sheet left of the axes, where names are long.
LEFT = {"feature_gain": 0.36}


def write_figures(folder: Path, record: ModelRecord, valuer: Valuer) -> list[Path]:
    """Draws every figure into `folder`; their paths."""
    place = f"{valuer.track}, {valuer.model_version}, walk-forward, n {len(record.predictions):,}"
    drawn: dict[str, Callable[[Axes], str]] = {
        "predicted_against_sold": lambda axes: _scatter(axes, record.predictions),
        "ratio_by_price_band": lambda axes: _bands(axes, record.predictions),
        "coverage_by_month": lambda axes: _coverage(axes, record.slices),
        "feature_gain": lambda axes: _gain(axes, valuer),
    }
    return [_save(folder / f"{name}.png", draw, place) for name, draw in drawn.items()]


def feature_gain(valuer: Valuer) -> pl.DataFrame:
    """Total gain of each input (columns name, share), the mean over members, largest first.

    XGBoost's own measure (gain times weight); shares of a member sum to 1.
    """
    import xgboost as xgb

    total: dict[str, float] = {}
    for raw in valuer.point.boosters:
        booster = xgb.Booster({"nthread": 1})
        booster.load_model(bytearray(raw))
        gain = {name: float(np.sum(g)) for name, g in booster.get_score("", "total_gain").items()}
        whole = float(np.add.reduce([gain[name] for name in sorted(gain)])) or 1.0
        for name in sorted(gain):
            total[name] = total.get(name, 0.0) + gain[name] / whole / len(valuer.point.boosters)
    schema = {"name": pl.String, "share": pl.Float64}
    rows = pl.DataFrame(list(total.items()), schema=schema, orient="row")
    return rows.sort("share", "name", descending=[True, False])


def price_bands(predictions: pl.DataFrame) -> pl.DataFrame:
    """Quartiles of the ratio (value over price) in bands of equal number by price: n, price_from,
    price_to, low, middle, high; no more bands than leave each MIN_SALES sales."""
    n = len(predictions)
    n_bands = max(min(n // MIN_SALES, MOST_BANDS), 1)
    rows = predictions.sort("close_price", "listing_key", "prediction").with_columns(
        ratio=pl.col("prediction") / pl.col("close_price"),
        band=pl.int_range(n, dtype=pl.Int64) * n_bands // max(n, 1),
    )
    return (
        rows.group_by("band")
        .agg(
            n=pl.len(),
            price_from=pl.col("close_price").min(),
            price_to=pl.col("close_price").max(),
            low=pl.col("ratio").quantile(0.25, "linear"),
            middle=pl.col("ratio").median(),
            high=pl.col("ratio").quantile(0.75, "linear"),
        )
        .sort("band")
    )


def _save(path: Path, draw: Callable[[Axes], str], place: str) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Margins are given: to find them, the sheet would be drawn twice.
    sheet = Figure(figsize=(7.0, 5.0), dpi=100)
    sheet.subplots_adjust(left=LEFT.get(path.stem, 0.12), right=0.97, top=0.89, bottom=0.13)
    FigureCanvasAgg(sheet)
    axes = sheet.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=MUTED, labelsize=8)
    axes.set_title(f"{draw(axes)}\n{place}", fontsize=9, loc="left")
    # No version of the drawing library in the file: it would change the bytes.
    sheet.savefig(path, format="png", metadata={"Software": None})
    return path


def _scatter(axes: Axes, predictions: pl.DataFrame) -> str:
    from matplotlib.ticker import LogLocator, NullLocator

    sold, valued = predictions["close_price"].to_numpy(), predictions["prediction"].to_numpy()
    ends = [float(min(sold.min(), valued.min())), float(max(sold.max(), valued.max()))]
    axes.fill_between(ends, [0.9 * e for e in ends], [1.1 * e for e in ends], color=SOFT)
    axes.plot(ends, ends, color=MUTED, linewidth=0.8, linestyle="--")
    left_out = predictions["excluded_by"].is_not_null().to_numpy()
    for mine, colour in ((~left_out, ACCENT), (left_out, OUT)):
        axes.plot(sold[mine], valued[mine], ".", markersize=3, color=colour, alpha=0.5)
    axes.set(xscale="log", yscale="log", xlabel="sold for (USD)", ylabel="valued at (USD)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(lambda value, _: usd_short(value))
        axis.set_minor_locator(NullLocator())
    return "Value against price; band: within 10%; orange: excluded from training"


def _bands(axes: Axes, predictions: pl.DataFrame) -> str:
    bands = price_bands(predictions)
    at = np.arange(len(bands))
    middle = bands["middle"].to_numpy()
    reach = [middle - bands["low"].to_numpy(), bands["high"].to_numpy() - middle]
    axes.errorbar(at, middle, yerr=reach, fmt="o", color=ACCENT, markersize=5, capsize=2)
    axes.axhline(1.0, color=MUTED, linewidth=0.8, linestyle="--")
    names = [
        f"{low / 1e3:,.0f}\nto {high / 1e3:,.0f}"
        for low, high in bands.select("price_from", "price_to").iter_rows()
    ]
    axes.set_xticks(at, names, fontsize=7)
    axes.set(xlabel="price band (thousand USD)", ylabel="value over price")
    return "Ratio by price band: median and middle half"


def _coverage(axes: Axes, slices: pl.DataFrame) -> str:
    months = slices.filter(pl.col("slice").str.starts_with("month "))
    rows = months.drop_nulls("coverage_90") if "coverage_90" in months.columns else months.head(0)
    rows = rows.sort("slice")
    at = np.arange(len(rows))
    if len(rows):
        middle = rows["coverage_90"].to_numpy()
        low, high = (rows[f"coverage_90_{end}"].to_numpy() for end in ("low", "high"))
        axes.errorbar(
            at,
            middle,
            yerr=[middle - low, high - middle],
            fmt="o",
            color=ACCENT,
            markersize=5,
            capsize=2,
        )
    axes.axhline(0.9, color=MUTED, linewidth=0.8, linestyle="--")
    axes.set_xticks(at, [name.removeprefix("month ") for name in rows["slice"]], fontsize=8)
    axes.set(ylabel="share inside the 90% interval", ylim=(None, 1.01))
    return "Coverage by month, with exact 95% intervals"


def _gain(axes: Axes, valuer: Valuer) -> str:
    rows = feature_gain(valuer).head(MOST_FEATURES).reverse()
    axes.barh(np.arange(len(rows)), rows["share"].to_numpy(), color=ACCENT)
    axes.set_yticks(np.arange(len(rows)), rows["name"].to_list(), fontsize=7)
    axes.set(xlabel="share of total gain, mean over members")
    return "What the boosters gain from"
