"""What the checks of modeling ask; pure, so that a test can show each of them failing."""

from __future__ import annotations

import polars as pl

# Coverage that nominal 90% intervals may truly have: in all, and in a quartile of predicted price.
BANDS: dict[str, tuple[float, float]] = {
    "all": (0.87, 0.95),
    "predicted price quartile": (0.82, 0.98),
}


def off_coverage(backtests: pl.DataFrame) -> pl.DataFrame:
    """Headline slices whose coverage lies outside its band beyond chance: the exact 95% interval
    and the band do not meet. Columns backtest_id, slice, n, coverage_90 and its ends."""
    rows = backtests.filter("is_headline", pl.col("coverage_90").is_not_null())
    off = pl.lit(False)
    for name, (low, high) in BANDS.items():
        outside = (pl.col("coverage_90_high") < low) | (pl.col("coverage_90_low") > high)
        off = off | (pl.col("slice").str.starts_with(name) & outside)
    wanted = ["backtest_id", "slice", "n", "coverage_90", "coverage_90_low", "coverage_90_high"]
    return rows.filter(off).select(wanted)
