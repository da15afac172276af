"""What baselines may look at: past sales by when they became known, and the homes asked about.

Each home's information ends at 00:00 UTC of min(as_of, cutoff), exactly as the model's does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.hedonic import design
from realty_assets.features.neighbours import jitter
from realty_assets.features.sales import DAY_US, day_numbers, valid_sales
from realty_assets.features.structure import structure_features, unit_vectors_km, with_inputs

Array = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]

NO_AREA = "-"
# Coarser names stand in where a source has no finer one.
AREA_COLUMNS = ("postal_code", "mls_area_minor", "city", "subdivision_name")


def area_name(frame: pl.DataFrame) -> pl.Series:
    """The area of each row: postal code, else market area, else city, else subdivision; NO_AREA
    where none is known. It depends on the row alone."""
    there = [pl.col(name).cast(pl.String) for name in AREA_COLUMNS if name in frame.columns]
    return frame.select(area=pl.coalesce(*there, pl.lit(NO_AREA)))["area"]


@dataclass(frozen=True)
class Homes:
    """Homes as arrays (n, ...): sales of the past, or those asked about. NaN where unknown."""

    living: Array
    points: Array
    area: Texts
    property_key: Texts
    list_price: Array
    terms: dict[str, Array]

    @classmethod
    def of(cls, frame: pl.DataFrame, year: pl.Expr) -> Homes:
        full = with_inputs(frame)
        columns = structure_features(full, year)
        return cls(
            columns["living_area"],
            unit_vectors_km(columns["latitude"], columns["longitude"]),
            area_name(frame).to_numpy(),
            frame["property_key"].cast(pl.String).to_numpy(),
            _positive(frame, "list_price"),
            design(columns),
        )


@dataclass(frozen=True)
class Past:
    """Valid sales in order of `known_at` (microseconds UTC). Prices in dollars, days since 1970."""

    known_at: Days
    close_day: Days
    lag_days: Days
    price: Array
    homes: Homes

    @classmethod
    def of(cls, sales: pl.DataFrame) -> Past:
        """`sales` has the columns of clean.sales; excluded ones teach nobody."""
        usable = valid_sales(sales)
        close_day = day_numbers(usable["close_date"])
        homes = Homes.of(usable, pl.col("close_date").dt.year())
        shifted = homes.points + jitter(usable["listing_key"].to_list()).reshape(-1, 3)
        return cls(
            usable["known_at"].cast(pl.Int64).to_numpy().copy(),
            close_day,
            close_day - day_numbers(usable["as_of"]),
            usable["close_price"].cast(pl.Float64).to_numpy().copy(),
            Homes(
                homes.living,
                shifted,
                homes.area,
                homes.property_key,
                homes.list_price,
                homes.terms,
            ),
        )

    def n_known(self, day: int) -> int:
        """How many were known strictly before 00:00 UTC of `day`."""
        return int(np.searchsorted(self.known_at, day * DAY_US, side="left"))

    @property
    def per_sqft(self) -> Array:
        return self.price / self.homes.living


@dataclass(frozen=True)
class Asked:
    """The sales to be predicted, as arrays (n,): what may be known of each, and until when."""

    info_day: Days
    as_of_day: Days
    homes: Homes

    def __len__(self) -> int:
        return len(self.info_day)

    @classmethod
    def of(cls, judged: pl.DataFrame) -> Asked:
        """`judged` has as_of, cutoff (dates) and the attributes of the homes: see `with_homes`."""
        return cls(
            day_numbers(judged.select(pl.min_horizontal("as_of", "cutoff")).to_series()),
            day_numbers(judged["as_of"]),
            Homes.of(judged, pl.col("as_of").dt.year()),
        )


def with_homes(predictions: pl.DataFrame, sales: pl.DataFrame) -> pl.DataFrame:
    """Rows of modeling.predictions with the attributes of the homes from clean.sales beside them.

    Rows keep their order. Raises ValueError when a sale cannot be found.
    """
    key = ["listing_key", "close_date", "close_price"]
    sales = sales.with_columns(close_price=pl.col("close_price").cast(pl.Float64))
    more = [name for name in sales.columns if name not in predictions.columns]
    one_each = sales.select(*key, *more).unique(key, keep="first", maintain_order=True)
    of_sale = one_each.with_columns(of_clean_sales=pl.lit(True))
    found = predictions.join(of_sale, on=key, how="left", maintain_order="left")
    if found["of_clean_sales"].null_count():
        raise ValueError("a predicted sale is not in clean.sales")
    return found.drop("of_clean_sales")


def _positive(frame: pl.DataFrame, column: str) -> Array:
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    value = frame[column].cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()
    value[~(value > 0)] = np.nan
    return value
