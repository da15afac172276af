"""When a model had better not speak: reasons to abstain, from what it learned and how sure it is.

Limits are those of the training rows and of the calibration's own months. In a backtest nobody
abstains: the headline has every sale, and modeling.hit_rates shows what abstaining would buy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]

# Attributes that a model may be asked about beyond anything it has seen, with what they are called.
WATCHED: dict[str, str] = {
    "living_area": "living area",
    "lot_size_square_feet": "lot",
    "age_years": "age",
}
TAIL = 0.001
SLACK = 0.25  # of the range between the tails, beyond which a home counts as out of range
FAR_QUANTILE, FAR_FACTOR = 0.995, 2.0
MAX_WIDTH = 1.5  # of the value, end to end


@dataclass(frozen=True)
class Limits:
    """Ranges of WATCHED attributes, and how far away the comparables may be (km)."""

    ranges: tuple[tuple[str, float, float], ...]
    max_comps_distance_km: float | None

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Limits:
        """Limits of the training rows (of the matrix)."""
        ranges = []
        for name in WATCHED:
            known = rows[name].drop_nulls().to_numpy() if name in rows.columns else np.zeros(0)
            if len(known):
                low, high = (float(x) for x in np.quantile(known, [TAIL, 1.0 - TAIL]))
                room = SLACK * (high - low)
                ranges.append((name, low - room, high + room))
        far = rows["comps_distance_km"].drop_nulls().to_numpy()
        furthest = float(np.quantile(far, FAR_QUANTILE)) * FAR_FACTOR if len(far) else None
        return cls(tuple(ranges), furthest)

    @classmethod
    def read(cls, saved: Mapping[str, Any]) -> Limits:
        """Limits as `as_dict` and JSON left them."""
        ranges = tuple((name, low, high) for name, low, high in saved["ranges"])
        return cls(ranges, saved["max_comps_distance_km"])

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def reasons(self, rows: pl.DataFrame, width: Array) -> list[str | None]:
        """Why each row (n,) should have no value, None where it may have one; `width` is that of
        the interval over the value."""
        out: list[str | None] = [None] * len(rows)
        for name, low, high in self.ranges:
            value = rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
            for i in np.flatnonzero((value < low) | (value > high)):
                out[i] = out[i] or (
                    f"out of range: {WATCHED[name]} {value[i]:,.0f}, known are "
                    f"{max(low, 0.0):,.0f} to {high:,.0f}"
                )
        if self.max_comps_distance_km is not None:
            far = rows["comps_distance_km"].fill_null(float("nan")).to_numpy()
            for i in np.flatnonzero(far > self.max_comps_distance_km):
                out[i] = out[i] or (
                    f"sparse comparables: {far[i]:.1f} km away on average, at most "
                    f"{self.max_comps_distance_km:.1f} km is trusted"
                )
        for i in np.flatnonzero(width > MAX_WIDTH):
            out[i] = out[i] or f"too uncertain: the interval is {width[i]:.0%} of the value wide"
        return out
