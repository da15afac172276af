"""Which way a value should answer to a feature, and whether the ALE does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

# By how many log points a curve may go the other way before it is said aloud: about 1% of a value.
TOLERANCE_LOG = 0.01


@dataclass(frozen=True)
class Expected:
    """The direction of a feature's effect, all other inputs as they are."""

    feature: str
    rises: bool
    why: str


# Features of the model (RESO names where it has them). Only what holds in any market stands here:
# bedrooms, age and lot share may go either way at equal size.
EXPECTED: tuple[Expected, ...] = (
    Expected("ln_living_area", True, "more living area is worth more"),
    Expected("ln_lot_size", True, "a larger lot is worth more"),
    Expected("bathrooms_total", True, "another bathroom is worth more"),
    Expected("garage_spaces", True, "another garage space is worth more"),
    Expected("pool_private_yn", True, "a pool is worth more"),
    Expected("waterfront_yn", True, "the water is worth more"),
    Expected("view_score", True, "a better view is worth more"),
    Expected("condition_score", True, "a better condition is worth more"),
    Expected("grade_score", True, "a better grade is worth more"),
    Expected("since_work_years", False, "years since the last work take value off"),
    Expected("comps_log_value", True, "dearer comparables, dearer home"),
    Expected("hedonic_log_value", True, "what the attributes say is followed"),
    Expected("postal_code_residual", True, "a dearer area, a dearer home"),
    Expected("subdivision_name_residual", True, "a dearer subdivision, a dearer home"),
    Expected("comps_residual_median", True, "dearer comparables, dearer home"),
)

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "feature": pl.String,
    "expected": pl.String,
    "why": pl.String,
    "from_end_to_end_log": pl.Float64,
    "largest_step_back_log": pl.Float64,
    "band_low_log": pl.Float64,
    "band_high_log": pl.Float64,
    "verdict": pl.String,
}


def sign_rows(effects: pl.DataFrame, tolerance: float = TOLERANCE_LOG) -> pl.DataFrame:
    """analysis.signs: one row per expectation.

    `from_end_to_end_log` is the ALE's change over the whole range, in the expected direction;
    `largest_step_back_log` the deepest fall from any point to a later one, against it. Verdicts:
    `as expected`, `flat` (the whole curve within the tolerance), `steps back` (rises overall, but
    falls somewhere by more than the tolerance), `against` (falls overall by more than it),
    `not seen` (the feature has no known values).
    """
    rows = []
    for expected in EXPECTED:
        curve = effects.filter(pl.col("feature") == expected.feature).sort("edge")
        row: dict[str, object] = {
            "feature": expected.feature,
            "expected": "rises" if expected.rises else "falls",
            "why": expected.why,
            "verdict": "not seen",
        }
        if len(curve) > 1:
            sign = 1.0 if expected.rises else -1.0
            way = sign * curve["ale"].to_numpy()
            whole = float(way[-1] - way[0])
            back = float(np.max(np.maximum.accumulate(way) - way))
            row |= {
                "from_end_to_end_log": whole,
                "largest_step_back_log": back,
                "band_low_log": float(curve["ale_low"].min()),  # type: ignore[arg-type]
                "band_high_log": float(curve["ale_high"].max()),  # type: ignore[arg-type]
                "verdict": _verdict(whole, back, float(np.ptp(way)), tolerance),
            }
        rows.append(row)
    return pl.DataFrame(rows, schema=SCHEMA)


def _verdict(whole: float, back: float, span: float, tolerance: float) -> str:
    if whole < -tolerance:
        return "against"
    if back > tolerance:
        return "steps back"
    return "flat" if span <= tolerance else "as expected"
