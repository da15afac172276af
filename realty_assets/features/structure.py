"""What a home is: derivations from its own attributes, row by row.

Nothing here looks at another row, so nothing here can look ahead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]

# Attributes that come with the request for a value: physical, so known without a listing.
ATTRIBUTES: tuple[str, ...] = (
    "latitude",
    "longitude",
    "living_area",
    "lot_size_square_feet",
    "year_built",
    "year_renovated",
    "bedrooms_total",
    "bathrooms_total",
    "stories_total",
    "garage_spaces",
    "pool_private_yn",
    "waterfront_yn",
    "view_score",
    "condition_score",
    "grade_score",
    "above_grade_finished_area",
    "below_grade_finished_area",
    "neighbor_living_area",
    "neighbor_lot_size",
    "association_fee",
)
# Groups whose past sales say something of a home: administrative or of kind.
GROUPS: tuple[str, ...] = (
    "postal_code",
    "subdivision_name",
    "mls_area_minor",
    "elementary_school_district",
    "property_sub_type",
    "architectural_style",
)
MAX_AGE_YEARS = 150.0


def with_inputs(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with every attribute and group there: numbers as Float64, groups as text.

    A column that the source does not have is added full of nulls.
    """
    numbers = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(pl.Float64).alias(name)
        for name in ATTRIBUTES
    ]
    groups = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(pl.String).alias(name)
        for name in GROUPS
    ]
    return frame.with_columns(numbers + groups)


def structure_features(frame: pl.DataFrame, year: pl.Expr) -> dict[str, Array]:
    """Structure columns of each row as float64 arrays (n,), NaN where unknown.

    `year` is the calendar year at which age is counted: that of the valuation for a subject, that
    of the close for a sale used as a comparable.
    """
    col = pl.col
    positive = {
        name: pl.when(col(name) > 0).then(col(name))
        for name in (
            "living_area",
            "lot_size_square_feet",
            "neighbor_living_area",
            "neighbor_lot_size",
            "above_grade_finished_area",
        )
    }
    living = positive["living_area"]
    lot = positive["lot_size_square_feet"]
    built = pl.when((col("year_built") >= 1700) & (col("year_built") <= 2200)).then(
        col("year_built")
    )
    age = (year - built).clip(0, MAX_AGE_YEARS)
    renovated = pl.when(col("year_renovated") > 0).then(col("year_renovated"))
    since_work = pl.min_horizontal(age, (year - renovated).clip(0, MAX_AGE_YEARS))
    basement = col("below_grade_finished_area").fill_null(
        (living - positive["above_grade_finished_area"]).clip(0)
    )
    ln_living, ln_lot = living.log(), lot.log()
    columns = frame.select(
        latitude=col("latitude"),
        longitude=col("longitude"),
        rotated_north_east=col("latitude") + col("longitude"),
        rotated_north_west=col("latitude") - col("longitude"),
        living_area=living,
        lot_size_square_feet=lot,
        ln_living_area=ln_living,
        ln_lot_size=ln_lot,
        age_years=age,
        since_work_years=since_work,
        renovated_yn=pl.when(built.is_not_null()).then(renovated.is_not_null().cast(pl.Float64)),
        bedrooms_total=col("bedrooms_total"),
        bathrooms_total=col("bathrooms_total"),
        stories_total=col("stories_total"),
        garage_spaces=col("garage_spaces"),
        pool_private_yn=col("pool_private_yn"),
        waterfront_yn=col("waterfront_yn"),
        view_score=col("view_score"),
        condition_score=col("condition_score"),
        grade_score=col("grade_score"),
        above_grade_finished_area=positive["above_grade_finished_area"],
        neighbor_living_area=positive["neighbor_living_area"],
        ln_neighbor_living_area=positive["neighbor_living_area"].log(),
        ln_neighbor_lot_size=positive["neighbor_lot_size"].log(),
        association_fee=col("association_fee"),
    )
    beds, baths = col("bedrooms_total"), col("bathrooms_total")
    quotients = {
        "living_to_lot_ratio": (living, lot),
        "bathrooms_per_bedroom": (baths, beds + 1.0),
        "living_per_room_sqft": (living, beds + baths + 1.0),
        "basement_share": (basement, living),
        "living_to_neighbor_ratio": (living, positive["neighbor_living_area"]),
        "lot_to_neighbor_ratio": (lot, positive["neighbor_lot_size"]),
    }
    return {name: as_array(columns[name]) for name in columns.columns} | {
        name: quotient(frame, over, under) for name, (over, under) in quotients.items()
    }


def as_array(column: pl.Series) -> Array:
    """A column as float64 (n,) of its own, NaN where null."""
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def quotient(frame: pl.DataFrame, over: pl.Expr, under: pl.Expr) -> Array:
    """`over` / `under` (n,), NaN where either is null; `under` is not 0.

    Divided by NumPy: Polars divides by a column that it holds as one value by way of the
    reciprocal, so that a row's last bit would depend on the rows beside it.
    """
    parts = frame.select(over=over, under=under)
    return as_array(parts["over"]) / as_array(parts["under"])


def unit_vectors_km(latitude: Array, longitude: Array) -> Array:
    """Points on a sphere of the Earth's mean radius (n, 3) in km; NaN where unknown.

    Straight-line distance between them is the chord, within 0.1% of the great circle up to 900 km,
    and needs no reference latitude that would have to be taken from all rows.
    """
    lat, lon = np.radians(latitude), np.radians(longitude)
    off = (np.abs(latitude) > 90) | (np.abs(longitude) > 180)
    points = 6371.0088 * np.column_stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    )
    points[off] = np.nan
    return points
