"""modeling.baselines: what the baselines reach on the very rows that the model is judged on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES, TOO_SMALL
from realty_assets.evaluation.metrics import point_accuracy
from realty_assets.evaluation.paired import MIN_DRAWS, compare
from realty_assets.evaluation.ratio_study import cod
from realty_assets.evaluation.resampling import figure_intervals, month_area, resampled_by
from realty_assets.modeling.judging import baselines as of
from realty_assets.modeling.judging.index_table import IndexTable
from realty_assets.modeling.judging.past import Asked, Past, area_name, with_homes

Array = npt.NDArray[np.float64]
MODEL = "model"
FIGURES = ("mdape", "ppe10", "r2", "cod")
ON_MARKET = "on_market"
# Of the baseline against the model, in the model's words.
BETTER = "baseline better"
VERDICTS = {"better": BETTER, "worse": "model better"}


@dataclass(frozen=True)
class Baseline:
    """One baseline: its name, what it needs, and how it is made."""

    name: str
    needs: str
    make: Callable[[Past, Asked, IndexTable], Array]
    tracks: tuple[str, ...] | None = None


BASELINES = (
    Baseline(
        "comps mean",
        "coordinates and living area",
        lambda past, asked, _: of.comps(past, asked, np.mean),
    ),
    Baseline(
        "comps median",
        "coordinates and living area",
        lambda past, asked, _: of.comps(past, asked, np.median),
    ),
    Baseline("previous sale, indexed", "an earlier sale of the same home", of.previous_sale),
    Baseline(
        "area price per square foot",
        "an area (postal code, market area, city) and living area",
        lambda past, asked, _: of.area_rate(past, asked),
    ),
    Baseline(
        "ridge hedonic", "some attributes", lambda past, asked, _: of.ridge_hedonic(past, asked)
    ),
    Baseline(
        "list price times sale-to-list",
        "a list price",
        lambda past, asked, _: of.list_price_ratio(past, asked),
        (ON_MARKET,),
    ),
)

VALUES_SCHEMA = {
    "backtest_id": pl.String,
    "listing_key": pl.String,
    "close_date": pl.Date,
    "baseline": pl.String,
    "value": pl.Float64,
    "own": pl.Boolean,
}


def baseline_values(
    predictions: pl.DataFrame, sales: pl.DataFrame, index: pl.DataFrame
) -> pl.DataFrame:
    """modeling.baseline_values: one row per sale of a backtest and baseline.

    `value` in dollars (null: no sale at all was known yet); `own` whether the baseline had what it
    needs, or a plain value of the area stands in. A baseline that no sale has the needs for has no
    rows.
    """
    past, table = Past.of(sales), IndexTable(index)
    parts = [pl.DataFrame(schema=VALUES_SCHEMA)]
    for _, rows in predictions.group_by("backtest_id", maintain_order=True):
        asked = Asked.of(with_homes(rows, sales))
        plain = of.plain_value(past, asked)
        for baseline in _on_track(rows["track"][0]):
            value = baseline.make(past, asked, table)
            own = np.isfinite(value)
            if own.any():
                parts.append(
                    rows.select("backtest_id", "listing_key", "close_date").with_columns(
                        baseline=pl.lit(baseline.name),
                        value=pl.Series(np.where(own, value, plain)).fill_nan(None),
                        own=pl.Series(own),
                    )
                )
    return pl.concat(parts)


def baseline_rows(
    predictions: pl.DataFrame,
    sales: pl.DataFrame,
    values: pl.DataFrame,
    seed: int = 7,
    n_draws: int = 500,
) -> pl.DataFrame:
    """modeling.baselines: one row per backtest, slice (those of modeling.backtests) and baseline.

    The model is a row of its own; `*_difference` are the baseline's less the model's on the same
    rows, positive where the model is the more accurate. `own_share` says how often the baseline had
    what it needs.
    """
    out: list[dict[str, object]] = []
    for (name,), rows in predictions.group_by("backtest_id", maintain_order=True):
        areas = area_name(with_homes(rows, sales)).to_list()
        labels = np.array(month_area(rows["cutoff"].to_list(), areas), dtype=object)
        p, s = rows["prediction"].to_numpy(), rows["close_price"].to_numpy()
        of_track = {
            baseline: values.filter(
                (pl.col("backtest_id") == name) & (pl.col("baseline") == baseline.name)
            )
            for baseline in _on_track(rows["track"][0])
        }
        made: dict[bytes, list[dict[str, object]]] = {}
        for slice_name, inside in slices(rows).items():
            judge = _Judge(s[inside], p[inside], labels[inside].tolist(), seed, n_draws)
            # Without an excluded sale "valid" is "all" once more.
            same = inside.tobytes()
            if same not in made:
                made[same] = [{"baseline": MODEL, **judge.figures(p[inside])}]
                made[same] += [judge.row_of(b, mine, inside) for b, mine in of_track.items()]
            head = {"backtest_id": name, "track": rows["track"][0], "slice": slice_name}
            out += [{**head, **row} for row in made[same]]
    return pl.DataFrame(out, schema=SCHEMA)


def slices(predictions: pl.DataFrame) -> dict[str, npt.NDArray[np.bool_]]:
    """The slices of modeling.backtests, by the same names, as masks (n,)."""
    n = len(predictions)
    rank = predictions["prediction"].rank("ordinal").to_numpy()
    quarter = np.minimum((rank - 1) * 4 // n, 3).astype(int)
    months = predictions["cutoff"].to_numpy()
    found = {
        "all": np.ones(n, dtype=bool),
        "valid": predictions["excluded_by"].is_null().to_numpy(),
    }
    for month in sorted(set(predictions["cutoff"].to_list())):
        found[f"month {month:%Y-%m}"] = months == np.datetime64(month)
    return found | {f"predicted price quartile {q + 1}": quarter == q for q in range(4)}


@dataclass(frozen=True)
class _Judge:
    """Sales of one slice with the model's predictions of them."""

    price: Array
    model: Array
    labels: list[str]
    seed: int
    n_draws: int

    def figures(self, value: Array) -> dict[str, object]:
        """n, FIGURES with intervals, and how they were drawn; only a note for too few sales."""
        n = len(value)
        if n < MIN_SALES:
            return {"n": n, "note": TOO_SMALL}
        point = point_accuracy(value, self.price)
        seen = {"mdape": point.mdape, "ppe10": point.ppe10, "r2": point.r2}
        seen["cod"] = cod(value, self.price)
        drawn = figure_intervals(
            value,
            self.price,
            labels=self.labels,
            figures=FIGURES,
            seed=self.seed,
            n_draws=self.n_draws,
        )
        out: dict[str, object] = {"n": n, "resampled": resampled_by(self.labels), "note": ""}
        for name in FIGURES:
            low, high = drawn[name]
            out |= {name: seen[name], f"{name}_low": low, f"{name}_high": high}
        return out

    def row_of(
        self, baseline: Baseline, values: pl.DataFrame, inside: npt.NDArray[np.bool_]
    ) -> dict[str, object]:
        """A baseline's row; `values` are its values of all sales of the backtest, in order."""
        if values.is_empty():
            note = f"cannot be made: no sale of the window has {baseline.needs}"
            return {
                "baseline": baseline.name,
                "n": len(self.price),
                "own_share": 0.0,
                "note": note,
            }
        value = values["value"].fill_null(float("nan")).to_numpy()[inside]
        own = values["own"].to_numpy()[inside]
        share = float(np.mean(own)) if len(own) else 0.0
        return {"baseline": baseline.name, "own_share": share, **self.against_model(value)}

    def against_model(self, value: Array) -> dict[str, object]:
        """The same of a baseline, on the sales for which it has a value, less the model's there."""
        there = np.isfinite(value) & (value > 0)
        labels = [label for label, inside in zip(self.labels, there, strict=True) if inside]
        part = _Judge(self.price[there], self.model[there], labels, self.seed, self.n_draws)
        out = part.figures(value[there])
        if len(part.price) < MIN_SALES:
            return out
        pair = compare(
            value[there],
            part.model,
            part.price,
            labels,
            seed=self.seed,
            n_draws=max(self.n_draws, MIN_DRAWS),
        )
        without = int((~there).sum())
        return out | {
            "error_difference": pair.error_difference,
            "error_difference_low": pair.error_difference_low,
            "error_difference_high": pair.error_difference_high,
            "mdape_difference": pair.mdape_difference,
            "mdape_difference_low": pair.mdape_difference_low,
            "mdape_difference_high": pair.mdape_difference_high,
            "verdict": VERDICTS.get(pair.verdict, pair.verdict),
            "note": f"{without} sales left out: nothing had been sold before" if without else "",
        }


def _on_track(track: str) -> list[Baseline]:
    return [one for one in BASELINES if one.tracks is None or track in one.tracks]


_PAIR = ("error_difference", "mdape_difference")
SCHEMA: dict[str, type[pl.DataType]] = {
    "backtest_id": pl.String,
    "track": pl.String,
    "slice": pl.String,
    "baseline": pl.String,
    "n": pl.Int64,
    "own_share": pl.Float64,
    **{f"{name}{end}": pl.Float64 for name in (*FIGURES, *_PAIR) for end in ("", "_low", "_high")},
    "verdict": pl.String,
    "resampled": pl.String,
    "note": pl.String,
}
