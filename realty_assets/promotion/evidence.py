"""What two models said of the same sales, as arrays: all that the paired gates look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.intervals import winkler
from realty_assets.evaluation.resampling import month_area
from realty_assets.evaluation.segments import all_segments

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Said:
    """A model's values and the ends of its 90% intervals, (n,) each, dollars."""

    value: Array
    lower: Array
    upper: Array


@dataclass(frozen=True)
class Pairs:
    """Sales (n,) at `price`, dollars, that both models valued without knowing them. `labels` name
    the blocks to resample by (month x area), `segments` are masks (n,). `with_excluded` is the
    relative difference of mean abs log errors with the excluded sales in (None: there are none)."""

    candidate: Said
    champion: Said
    price: Array
    months: Sequence[str]
    labels: Sequence[str]
    segments: Mapping[str, Mask]
    with_excluded: float | None = None

    def __len__(self) -> int:
        return len(self.price)

    @property
    def scores(self) -> tuple[Array, Array]:
        """Interval score (Winkler 1972) of each sale as a share of its value (n,), the candidate's
        and the champion's: width, and a penalty for a price outside; lower is better."""
        return (
            winkler(self.candidate.lower, self.candidate.upper, self.price) / self.candidate.value,
            winkler(self.champion.lower, self.champion.upper, self.price) / self.champion.value,
        )


def pairs_of(judged: pl.DataFrame) -> Pairs:
    """`judged` comes from `rescoring.judged_pairs`: one row per sale. Excluded sales are told of
    beside the others: what their price says of a home's value is noise to both models."""
    valid = judged.filter(pl.col("excluded_by").is_null())
    months = valid["cutoff"].dt.strftime("%Y-%m").to_list()
    return Pairs(
        _said(valid, "prediction", "lower_90", "upper_90"),
        _said(valid, "champion_value", "champion_lower_90", "champion_upper_90"),
        valid["close_price"].cast(pl.Float64).to_numpy(),
        months,
        month_area(months, valid["area"].to_list()),
        {
            f"{family}: {name}": mask
            for family, segments in all_segments(valid).items()
            if family != "all"
            for name, mask in segments.items()
        },
        None if len(valid) == len(judged) else _relative(judged),
    )


def _relative(judged: pl.DataFrame) -> float:
    off = judged.select(
        (pl.col(name) / pl.col("close_price")).log().abs().alias(name)
        for name in ("prediction", "champion_value")
    )
    ours, theirs = (float(np.add.reduce(np.sort(column.to_numpy()))) for column in off)
    return ours / theirs - 1.0


def _said(frame: pl.DataFrame, *columns: str) -> Said:
    return Said(*(frame[name].cast(pl.Float64).to_numpy() for name in columns))
