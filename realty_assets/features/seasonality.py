"""The time of year of the valuation, as a point on a circle: December is next to January."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from realty_assets.features.feature import Feature

Array = npt.NDArray[np.float64]


def season_columns(as_of_day: npt.NDArray[np.int64]) -> dict[str, Array]:
    """Sine and cosine (n,) of month and quarter of each day (days since 1970)."""
    months = as_of_day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    month, quarter = 2.0 * np.pi * months / 12.0, 2.0 * np.pi * (months // 3) / 4.0
    return {
        "month_sin": np.sin(month),
        "month_cos": np.cos(month),
        "quarter_sin": np.sin(quarter),
        "quarter_cos": np.cos(quarter),
    }


def season_specs() -> list[Feature]:
    """Specs of the columns of `season_columns`."""
    return [
        Feature(
            f"{period}_{side}",
            "seasonality",
            "unit circle",
            ("as_of",),
            f"{'Sine' if side == 'sin' else 'Cosine'} of the {period} of the valuation.",
            null_policy="never null",
            default_input=False,
        )
        for period in ("month", "quarter")
        for side in ("sin", "cos")
    ]
