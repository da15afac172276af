"""modeling.evaluation_segments and modeling.evaluation_ratio_studies: where a model is good."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.acceptable import ACCEPTABLE, hint, within
from realty_assets.evaluation.arrays import MIN_SALES, TOO_SMALL
from realty_assets.evaluation.intervals import binomial_interval, covered, winkler
from realty_assets.evaluation.metrics import point_accuracy
from realty_assets.evaluation.ratio_study import STATISTICS, ratio_study
from realty_assets.evaluation.resampling import (
    FIGURES,
    figure_intervals,
    month_area,
    resampled_by,
)
from realty_assets.evaluation.segments import all_segments
from realty_assets.modeling.judging.baselines import RECENT_DAYS
from realty_assets.modeling.judging.past import NO_AREA, Asked, Past, area_name, with_homes

Mask = npt.NDArray[np.bool_]
ALL, VALID = "all", "valid"
DAY_US = 86_400_000_000


def judged_frame(
    predictions: pl.DataFrame, sales: pl.DataFrame, photos: pl.DataFrame
) -> pl.DataFrame:
    """Predictions with what segments ask of a home: area, age_years, n_area_sales, n_photos and
    the columns of clean.sales.

    `photos` holds listing_key and n_photos of listings that have some; when it is empty, a source's
    own photos_count is asked, and else nothing is known of photos.
    """
    frame = with_homes(predictions, sales)
    frame = frame.with_columns(area_name(frame))
    built = pl.col("year_built") if "year_built" in frame.columns else pl.lit(None, pl.Int32)
    known = pl.when(pl.col("area") != NO_AREA).then(pl.col("area"))
    frame = frame.with_columns(
        area=known,
        age_years=(pl.col("as_of").dt.year() - built).cast(pl.Float64),
        n_area_sales=pl.Series(_area_sales(frame, sales)).fill_nan(None),
    )
    if len(photos):
        counted = photos.select("listing_key", pl.col("n_photos").cast(pl.Int64))
        frame = frame.join(counted, on="listing_key", how="left", maintain_order="left")
        return frame.with_columns(pl.col("n_photos").fill_null(0))
    told = pl.col("photos_count") if "photos_count" in frame.columns else pl.lit(None)
    return frame.with_columns(n_photos=told.cast(pl.Int64))


def _area_sales(frame: pl.DataFrame, sales: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Sales of the area that were known in the year before each home's information ends, (n,)."""
    past, asked = Past.of(sales), Asked.of(frame)
    at: dict[str, npt.NDArray[np.int64]] = {
        str(name): past.known_at[past.homes.area == name] for name in set(past.homes.area.tolist())
    }
    none = np.zeros(0, dtype=np.int64)
    out = np.full(len(frame), np.nan)
    for row, (name, day) in enumerate(zip(asked.homes.area, asked.info_day.tolist(), strict=True)):
        if name != NO_AREA:
            ends = np.array([day - RECENT_DAYS, day]) * DAY_US
            first, last = np.searchsorted(at.get(name, none), ends, side="left")
            out[row] = last - first
    return out


def segment_rows(frame: pl.DataFrame, seed: int = 7, n_draws: int = 500) -> pl.DataFrame:
    """modeling.evaluation_segments of one backtest: one row per family, segment and set of sales.

    `frame` comes from `judged_frame`. Sets of sales: `all`, and `valid` without the excluded. A
    segment of under 30 sales has its n and a note, no figure. Intervals resample blocks of month x
    area, or single sales where a segment has too few of them (`resampled`).
    """
    valid = frame["excluded_by"].is_null().to_numpy()
    labels = np.array(month_area(frame["cutoff"].to_list(), frame["area"].to_list()), dtype=object)
    out: list[dict[str, Any]] = []
    for family, segments in all_segments(frame).items():
        for segment, inside in segments.items():
            made: dict[str, Any] = {}
            for sales, mask in ((ALL, inside), (VALID, inside & valid)):
                # Without excluded sales among them both rows are the same figures.
                if not made or mask.sum() != inside.sum():
                    rows = frame.filter(pl.Series(mask))
                    made = _figures(rows, labels[mask].tolist(), seed, n_draws)
                out.append(
                    {**_head(frame), "family": family, "segment": segment, "sales": sales} | made
                )
    return pl.DataFrame(out, schema=SEGMENTS_SCHEMA)


def _head(frame: pl.DataFrame) -> dict[str, Any]:
    return {"backtest_id": frame["backtest_id"][0], "track": frame["track"][0]}


def _figures(rows: pl.DataFrame, labels: list[str], seed: int, n_draws: int) -> dict[str, Any]:
    n = len(rows)
    if n < MIN_SALES:
        return {"n": n, "note": TOO_SMALL}
    p, s = rows["prediction"].to_numpy(), rows["close_price"].to_numpy().astype(np.float64)
    lower, upper = rows["lower_90"].to_numpy(), rows["upper_90"].to_numpy()
    point = point_accuracy(p, s)
    seen = {"mdape": point.mdape, "ppe10": point.ppe10, "r2": point.r2}
    order = np.lexsort((p, s))
    seen |= {
        name: float(STATISTICS[name](p[order], s[order])) for name in FIGURES if name in STATISTICS
    }
    drawn = figure_intervals(p, s, labels=labels, seed=seed, n_draws=n_draws)
    out: dict[str, Any] = {"n": n, "resampled": resampled_by(labels), "note": hint(seen["cod"])}
    for name in FIGURES:
        out |= {name: seen[name], f"{name}_low": drawn[name][0], f"{name}_high": drawn[name][1]}
    hits = int(covered(lower, upper, s).sum())
    ends = binomial_interval(hits, n)
    return out | {
        "coverage_90": hits / n,
        "coverage_90_low": ends[0],
        "coverage_90_high": ends[1],
        "median_width_ratio": float(np.median((upper - lower) / p)),
        "winkler_ratio": float(np.add.reduce(np.sort(winkler(lower, upper, s) / p)) / n),
    }


def ratio_rows(frame: pl.DataFrame, seed: int = 7, n_draws: int = 300) -> pl.DataFrame:
    """modeling.evaluation_ratio_studies of one backtest: one row per statistic, set of sales, and
    with or without ratios beyond 3 IQR."""
    valid = frame["excluded_by"].is_null().to_numpy()
    p, s = frame["prediction"].to_numpy(), frame["close_price"].to_numpy().astype(np.float64)
    out = []
    for sales, mask in ((ALL, np.ones(len(frame), dtype=bool)), (VALID, valid)):
        for trimmed in (False, True):
            if not mask.any():
                continue
            study = ratio_study(p[mask], s[mask], seed=seed, n_draws=n_draws, trim=trimmed)
            for name, one in study.items():
                low, high = ACCEPTABLE.get(name, (None, None))
                out.append(
                    {
                        **_head(frame),
                        "sales": sales,
                        "trimmed": trimmed,
                        "statistic": name,
                        "n": one.n,
                        "n_trimmed": int(mask.sum()) - one.n,
                        "value": one.value,
                        "value_low": one.low,
                        "value_high": one.high,
                        "acceptable_low": low,
                        "acceptable_high": high,
                        "acceptable": within(name, one.value),
                        "note": one.note or (hint(one.value) if name == "cod" else ""),
                    }
                )
    return pl.DataFrame(out, schema=RATIO_SCHEMA)


def segment_tables(
    predictions: pl.DataFrame, sales: pl.DataFrame, photos: pl.DataFrame, seed: int = 7
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(evaluation_segments, evaluation_ratio_studies) of every backtest in `predictions`."""
    segments, studies = [pl.DataFrame(schema=SEGMENTS_SCHEMA)], [pl.DataFrame(schema=RATIO_SCHEMA)]
    for _, rows in predictions.group_by("backtest_id", maintain_order=True):
        frame = judged_frame(rows, sales, photos)
        segments.append(segment_rows(frame, seed))
        studies.append(ratio_rows(frame, seed))
    return pl.concat(segments), pl.concat(studies)


_ENDS = ("", "_low", "_high")
SEGMENTS_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("backtest_id", "track", "family", "segment", "sales"), pl.String),
    "n": pl.Int64,
    **{f"{name}{end}": pl.Float64 for name in (*FIGURES, "coverage_90") for end in _ENDS},
    "median_width_ratio": pl.Float64,
    "winkler_ratio": pl.Float64,
    "resampled": pl.String,
    "note": pl.String,
}
RATIO_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("backtest_id", "track", "sales"), pl.String),
    "trimmed": pl.Boolean,
    "statistic": pl.String,
    "n": pl.Int64,
    "n_trimmed": pl.Int64,
    **{f"value{end}": pl.Float64 for end in _ENDS},
    "acceptable_low": pl.Float64,
    "acceptable_high": pl.Float64,
    "acceptable": pl.Boolean,
    "note": pl.String,
}
