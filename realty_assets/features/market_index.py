"""The market index: how the level of prices moved, apart from what sold.

A vintage is the index as it was known at one moment. It is made from sales known before that moment
only: robust hedonic residuals, smoothed over days by a local linear fit (so that the ends are not
flattened; Fan 1992), with the slope damped past the last day. A rolling median of prices would
follow the mix of homes instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from realty_assets.features.hedonic import Hedonic, fit_hedonic

Array = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]


@dataclass(frozen=True)
class IndexSettings:
    """Knobs of the index. Days and counts of sales."""

    min_bandwidth_days: float = 30.0
    max_bandwidth_days: float = 75.0
    sales_per_bandwidth: float = 1500.0
    damping_days: float = 45.0
    rounds: int = 2
    min_sales: int = 120
    history_months: int = 60


@dataclass(frozen=True)
class Vintage:
    """Hedonic and index as known at 00:00 UTC of `day` (days since 1970-01-01).

    `level` is the log level of each day from `first_day`; `lag_days` the median wait from as_of to
    close among the sales it is made from.
    """

    day: int
    hedonic: Hedonic
    first_day: int
    level: Array
    slope: float
    damping_days: float
    n_sales: int
    lag_days: int

    @property
    def last_day(self) -> int:
        return self.first_day + len(self.level) - 1

    def index(self, day: Days) -> Array:
        """Log level (n,) at each day: smoothed within the data, damped beyond its last day."""
        inside = np.clip(day - self.first_day, 0, len(self.level) - 1)
        ahead = np.maximum(day - self.last_day, 0)
        reach = self.damping_days * -np.expm1(-ahead / self.damping_days)
        return self.level[inside] + self.slope * reach

    def levels(self, first: int, last: int) -> Array:
        """Log level of each day from `first` to `last`, all of them within the data."""
        return self.level[first - self.first_day : last + 1 - self.first_day]

    def shifted(self, by: float) -> Vintage:
        """The same vintage with its level moved by `by`, the hedonic's intercept against it."""
        hedonic = replace(self.hedonic, intercept=self.hedonic.intercept - by)
        return replace(self, level=self.level + by, hedonic=hedonic)


def smooth_level(
    day: Days, value: Array, weight: Array, bandwidth_days: float
) -> tuple[int, Array, float]:
    """(first day, local linear level per day, slope per day at the last day).

    Gaussian kernel cut at three bandwidths, over daily weighted means. Sums run over offsets in a
    fixed order.
    """
    first, last = int(day.min()), int(day.max())
    n = last - first + 1
    w = np.bincount(day - first, weight, n)
    wv = np.bincount(day - first, weight * value, n)
    reach = int(3 * bandwidth_days)
    s0, s1, s2 = np.zeros(n), np.zeros(n), np.zeros(n)
    t0, t1 = np.zeros(n), np.zeros(n)
    for offset in range(-min(reach, n - 1), min(reach, n - 1) + 1):
        kernel = float(np.exp(-0.5 * (offset / bandwidth_days) ** 2))
        to = slice(max(0, -offset), min(n, n - offset))
        of = slice(max(0, offset), min(n, n + offset))
        s0[to] += kernel * w[of]
        s1[to] += kernel * offset * w[of]
        s2[to] += kernel * offset**2 * w[of]
        t0[to] += kernel * wv[of]
        t1[to] += kernel * offset * wv[of]
    # A little ridge on the slope keeps a day with all its neighbours on one side finite.
    s2 = s2 + 1e-3 * bandwidth_days**2 * s0
    det = s0 * s2 - s1 * s1
    level = (s2 * t0 - s1 * t1) / det
    slope = (s0 * t1 - s1 * t0) / det
    return first, level, float(slope[-1])


def fit_vintage(
    day: int,
    terms: dict[str, Array],
    log_price: Array,
    close_day: Days,
    area: npt.NDArray[np.int64],
    settings: IndexSettings,
    lag_days: int = 0,
) -> Vintage:
    """Fits hedonic and index together on sales that were all known before `day`.

    Rows must be sorted by a stable key, so that sums have one order.
    """
    span_days = max(int(close_day.max() - close_day.min()) + 1, 1)
    bandwidth = float(
        np.clip(
            settings.sales_per_bandwidth / (len(log_price) / span_days),
            settings.min_bandwidth_days,
            settings.max_bandwidth_days,
        )
    )
    offset = np.zeros(len(log_price))
    weights = None
    for _ in range(settings.rounds):
        hedonic, residual, weights = fit_hedonic(
            terms, log_price - offset, area, weights=weights, n_iterations=4
        )
        first, level, slope = smooth_level(close_day, residual + offset, weights, bandwidth)
        offset = level[close_day - first]
    middle = float(np.add.reduce(offset) / len(offset))
    return Vintage(
        day=day,
        hedonic=hedonic,
        first_day=first,
        level=level,
        slope=slope,
        damping_days=settings.damping_days,
        n_sales=len(log_price),
        lag_days=lag_days,
    ).shifted(-middle)


def chained(vintages: list[Vintage]) -> list[Vintage]:
    """Vintages (oldest first) on one base: each agrees on average with the one before it.

    The mean runs over the days that both cover. A vintage thus depends on older ones only.
    """
    out: list[Vintage] = []
    for vintage in vintages:
        if not out:
            out.append(vintage)
            continue
        before = out[-1]
        first = max(before.first_day, vintage.first_day)
        last = min(before.last_day, vintage.last_day)
        if first <= last:
            gap = before.levels(first, last) - vintage.levels(first, last)
            vintage = vintage.shifted(float(np.add.reduce(gap) / len(gap)))  # noqa: PLW2901
        out.append(vintage)
    return out
