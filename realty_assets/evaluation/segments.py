"""Segments of judged sales: a frame in, named masks out.

Nothing here looks at a price that a sale fetched, only at what was known of the home and at the
prediction: sorting sales by their own outcome would show errors that are not there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

Mask = npt.NDArray[np.bool_]
Segments = dict[str, Mask]

UNKNOWN = "not known"
# Sales known in the area in the year before: below it the market is thin.
THIN_SALES = 30
NEW_BUILD_YEARS = 1
AGE_BANDS: tuple[tuple[str, float, float], ...] = (
    ("up to 5 years", -np.inf, 5),
    ("6 to 20 years", 5, 20),
    ("21 to 40 years", 20, 40),
    ("41 to 80 years", 40, 80),
    ("over 80 years", 80, np.inf),
)


def everything(frame: pl.DataFrame) -> Segments:
    """All rows, as one segment."""
    return {"all": np.ones(len(frame), dtype=bool)}


def by_text(frame: pl.DataFrame, column: str) -> Segments:
    """A segment for each value of `column`, in the order of its text; nulls are UNKNOWN, last.

    Empty when no row has a value.
    """
    if column not in frame.columns or frame[column].null_count() == len(frame):
        return {}
    values = frame[column].cast(pl.String).fill_null(UNKNOWN).to_numpy()
    names = sorted(set(values.tolist()), key=lambda name: (name == UNKNOWN, name))
    return {name: values == name for name in names}


def by_price_quartile(frame: pl.DataFrame) -> Segments:
    """Quarters of equal number by predicted price, ties broken by key: "1, lowest" to "4"."""
    if frame.is_empty():
        return {}
    keys = [name for name in ("prediction", "listing_key", "close_date") if name in frame.columns]
    order = frame.with_row_index("at").sort(*keys, "at")["at"].to_numpy()
    rank = np.empty(len(frame), dtype=np.int64)
    rank[order] = np.arange(len(frame))
    quarter = np.minimum(rank * 4 // len(frame), 3)
    return {name: quarter == q for q, name in enumerate(("1, lowest", "2", "3", "4, highest"))}


def by_month(frame: pl.DataFrame) -> Segments:
    """Months of the window, by `cutoff`."""
    if "cutoff" not in frame.columns:
        return {}
    return by_text(frame.with_columns(month=pl.col("cutoff").dt.strftime("%Y-%m")), "month")


def by_age(frame: pl.DataFrame) -> Segments:
    """Bands of `age_years` (float, years on the day of the valuation); upper ends included."""
    age = _numbers(frame, "age_years")
    if np.isnan(age).all():
        return {}
    bands = {name: (age > low) & (age <= high) for name, low, high in AGE_BANDS}
    return _with_unknown(bands, np.isnan(age))


def by_new_build(frame: pl.DataFrame) -> Segments:
    """Built within NEW_BUILD_YEARS years of the valuation (or not yet), against all older ones."""
    age = _numbers(frame, "age_years")
    if np.isnan(age).all():
        return {}
    new = age <= NEW_BUILD_YEARS
    return _with_unknown({"new build": new, "older": age > NEW_BUILD_YEARS}, np.isnan(age))


def by_market(frame: pl.DataFrame) -> Segments:
    """Thin markets: fewer than THIN_SALES sales known in the area in the year before
    (`n_area_sales`, counted past-only)."""
    n = _numbers(frame, "n_area_sales")
    if np.isnan(n).all():
        return {}
    thin = {f"thin (under {THIN_SALES} sales a year)": n < THIN_SALES, "not thin": n >= THIN_SALES}
    return _with_unknown(thin, np.isnan(n))


def by_photos(frame: pl.DataFrame) -> Segments:
    """With and without photos (`n_photos`: null where it is not known whether there are any)."""
    n = _numbers(frame, "n_photos")
    if np.isnan(n).all():
        return {}
    return _with_unknown({"with photos": n > 0, "without photos": n == 0}, np.isnan(n))


FAMILIES: dict[str, Callable[[pl.DataFrame], Segments]] = {
    "all": everything,
    "month": by_month,
    "predicted price quartile": by_price_quartile,
    "area": lambda frame: by_text(frame, "area"),
    "property type": lambda frame: by_text(frame, "property_type"),
    "property sub type": lambda frame: by_text(frame, "property_sub_type"),
    "age": by_age,
    "new build": by_new_build,
    "market": by_market,
    "photos": by_photos,
}


def all_segments(frame: pl.DataFrame) -> dict[str, Segments]:
    """Every family that the frame has the columns for, by name; each family's masks cover every
    row exactly once."""
    made = {name: family(frame) for name, family in FAMILIES.items()}
    return {name: segments for name, segments in made.items() if segments}


def _numbers(frame: pl.DataFrame, column: str) -> npt.NDArray[np.float64]:
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    return frame[column].cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def _with_unknown(segments: Segments, unknown: Mask) -> Segments:
    return segments | ({UNKNOWN: unknown} if unknown.any() else {})
