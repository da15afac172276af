"""Past sales as arrays, sorted by when they became known, ready for slicing by time."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.areas import Coded, area_names, cell_series, cells, coded
from realty_assets.features.fits import Fits
from realty_assets.features.hedonic import design
from realty_assets.features.known_hash import DAY_US, KnownHashes, RowBytes
from realty_assets.features.neighbours import JITTER_KM, jitter
from realty_assets.features.previous_sale import PreviousSales
from realty_assets.features.structure import (
    ATTRIBUTES,
    GROUPS,
    Array,
    structure_features,
    unit_vectors_km,
    with_inputs,
)
from realty_assets.features.tracks import OFF_MARKET, sale_as_of, with_facts
from realty_assets.features.windows import Ranked

HOME = "property_key"
# Beyond a factor of 1.6 one of the two prices is a slip of the pen.
MAX_LIST_RATIO_LOG = 0.47
_FACTS = ("days_on_market", "list_price")


def day_numbers(column: pl.Series) -> npt.NDArray[np.int64]:
    """Days since 1970-01-01 (n,) of a date column without nulls."""
    return column.cast(pl.Date).cast(pl.Int32).cast(pl.Int64).to_numpy().copy()


def epoch_day(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def month_start(day: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """First day of the month of each day, both as days since 1970."""
    days = np.asarray(day, dtype=np.int64).astype("datetime64[D]")
    return days.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def months_before(day: int, n: int) -> int:
    """First day of the month `n` months before that of `day` (days since 1970)."""
    month = np.datetime64(day, "D").astype("datetime64[M]") - n
    return int(month.astype("datetime64[D]").astype(np.int64))


def effective_known_at() -> pl.Expr:
    """When a sale counts as known (UTC): its known_at, but never before its close day is over.

    A source's clock can be wrong; a price cannot be known before the sale.
    """
    end_of_close_day = pl.col("close_date").cast(pl.Datetime("us")) + pl.duration(days=1)
    return pl.max_horizontal(pl.col("known_at").cast(pl.Datetime("us")), end_of_close_day)


def valid_sales(sales: pl.DataFrame, track: str = OFF_MARKET) -> pl.DataFrame:
    """Rows of clean.sales that may teach: not excluded, with a date and a price; sorted by when
    they count as known (`known_at` is replaced by that), ties by key. `as_of` is that of `track`,
    null where the sale has no place on it."""
    frame = with_facts(with_inputs(sales)).filter(
        pl.col("excluded_by").is_null()
        & (pl.col("close_price") > 0)
        & pl.col("close_date").is_not_null()
        & pl.col("known_at").is_not_null()
    )
    return frame.with_columns(known_at=effective_known_at(), as_of=sale_as_of(track)).sort(
        "known_at", "listing_key", "close_date", "close_price"
    )


class Sales:
    """Valid past sales in order of `known_at` (microseconds UTC, int64).

    Every array has one entry per sale: `log_price` (ln usd), `close_day` and `lag_days` (days from
    as_of to close, NaN where it has no as_of), `columns` and `terms` (structure and hedonic terms),
    `points` (km, jittered by key), `levels` (numbers of group, H3 cell and home), `area_code`
    (number of the area), `draw` (uniform in [0, 1) from the key, for thinning).
    """

    def __init__(
        self, sales: pl.DataFrame, track: str = OFF_MARKET, fits: Fits | None = None
    ) -> None:
        """`sales` has the columns of clean.sales; those that may not teach are left out. `track`
        says from which day `lag_days` counts. `fits` are those of earlier vintages; what is fitted
        on these sales joins them."""
        self.fits: Fits = {} if fits is None else fits
        usable = valid_sales(sales, track)
        keys = usable["listing_key"].to_list()
        self.listing_key = usable["listing_key"]
        self.known_at = usable["known_at"].cast(pl.Int64).to_numpy().copy()
        self.close_day = day_numbers(usable["close_date"])
        self.lag_days = _lag_days(usable)
        self._median_lags: dict[tuple[int, int], int] = {}
        self.log_price = np.log(usable["close_price"].cast(pl.Float64).to_numpy())
        self.columns = structure_features(usable, pl.col("close_date").dt.year())
        self.terms = design(self.columns)
        points = unit_vectors_km(self.columns["latitude"], self.columns["longitude"])
        self.points = points + jitter(keys)
        self.area_code = _areas(usable)
        self._usable = usable
        self.draw = jitter([f"thin {key}" for key in keys])[:, 0] / JITTER_KM + 0.5
        self._levels = level_names(usable, self.columns)
        self._facts = usable.select(_number(usable, name) for name in _FACTS)

    def __len__(self) -> int:
        return len(self.log_price)

    def on(self, track: str) -> Sales:
        """The same sales with the `lag_days` of another track; all else is shared with these."""
        other = copy.copy(self)
        other.lag_days = _lag_days(self._usable.with_columns(as_of=sale_as_of(track)))
        other.__dict__.pop("lag_hashes", None)
        other._median_lags = {}
        return other

    def n_known(self, day: int) -> int:
        """How many were known strictly before 00:00 UTC of `day` (days since 1970)."""
        return int(np.searchsorted(self.known_at, day * DAY_US, side="left"))

    def median_lag(self, known: slice) -> int:
        """Median days from as_of to close of the sales from `known.start` to `known.stop`; 0 where
        none of them has a place on the track. Every table asks it of the same months: it is
        remembered."""
        asked = known.start, known.stop
        if asked not in self._median_lags:
            lags = self.lag_days[known]
            lags = lags[~np.isnan(lags)]
            self._median_lags[asked] = int(np.median(lags)) if len(lags) else 0
        return self._median_lags[asked]

    @cached_property
    def known_hashes(self) -> KnownHashes:
        """What these sales say by when it was known; of the track they say nothing."""
        keys = [HOME] if HOME in self._usable.columns else []
        keys += ["listing_key", "known_at", "close_date", "close_price"]
        said = self._usable.select(*keys, *GROUPS, *ATTRIBUTES).hstack(self._facts)
        return KnownHashes.of(RowBytes.of(said).rows, self.known_at)

    @cached_property
    def lag_hashes(self) -> KnownHashes:
        """On which day each stands on the track, by when it was known."""
        return KnownHashes.of(lambda part: self.lag_days[part].tobytes(), self.known_at)

    @cached_property
    def levels(self) -> dict[str, Coded]:
        """Number of each sale's group, H3 cell (h3_9 to h3_6) and home, by name of the level."""
        return {name: coded(values) for name, values in self._levels.items()}

    @cached_property
    def previous(self) -> PreviousSales:
        """Finds a home's sale before."""
        return PreviousSales(self.levels[HOME].codes, self.close_day)

    @cached_property
    def list_ratio_log(self) -> Array:
        """Log of price over last list price (n,), NaN where unknown or too far off to be one."""
        list_price = self._facts["list_price"].fill_null(float("nan")).to_numpy()
        ratio = self.log_price - np.log(np.where(list_price > 0, list_price, np.nan))
        return np.where(np.abs(ratio) <= MAX_LIST_RATIO_LOG, ratio, np.nan)

    @cached_property
    def ranked(self) -> dict[str, Ranked]:
        """What windows take medians of; what no sale has a value of is left out."""
        list_price = self._facts["list_price"].fill_null(float("nan")).to_numpy()
        values = {
            "ln_price": self.log_price,
            "ln_price_sqft": self.log_price - self.columns["ln_living_area"],
            "days_on_market": self._facts["days_on_market"].fill_null(float("nan")).to_numpy(),
            "sale_to_list": np.exp(self.log_price) / np.where(list_price > 0, list_price, np.nan),
        }
        return {name: Ranked(x) for name, x in values.items() if not np.isnan(x).all()}


def _lag_days(usable: pl.DataFrame) -> Array:
    """Days from as_of to close (n,), NaN where a sale has no as_of."""
    lag = (usable["close_date"].cast(pl.Date) - usable["as_of"]).dt.total_days()
    return lag.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def level_names(frame: pl.DataFrame, columns: Mapping[str, Array]) -> dict[str, pl.Series]:
    """Group, H3 cell and home of each row, by name of the level; null where unknown."""
    by_resolution = cells(columns["latitude"], columns["longitude"])
    home = frame[HOME] if HOME in frame.columns else pl.Series([None] * len(frame))
    return {
        **{name: frame[name] for name in GROUPS},
        **{f"h3_{resolution}": cell_series(cell) for resolution, cell in by_resolution.items()},
        HOME: home.cast(pl.String),
    }


def _number(frame: pl.DataFrame, name: str) -> pl.Expr:
    value = pl.col(name) if name in frame.columns else pl.lit(None)
    return value.cast(pl.Float64).alias(name)


def _areas(frame: pl.DataFrame) -> npt.NDArray[np.int64]:
    """The number of each row's area (n,): postal code, else market area, else grid cell."""
    named = area_names(("postal_code", "mls_area_minor"), ("subdivision_name",))
    return coded(frame.select(named)["area"]).codes
