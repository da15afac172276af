"""Every feature: what it is, where it comes from, and on which tracks it may be known.

The matrix holds the columns of this registry and no others; a check fails when a column of a later
availability reaches an earlier track.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import polars as pl

from realty_assets.features.comparables import LIKENESS_UNITS, MAKE_UP, CompsSettings, metres
from realty_assets.features.structure import GROUPS

TRACKS = ("off_market", "at_listing", "on_market")
CODE_VERSION = "1"
NULL = "null where unknown; the booster learns a side for it"


@dataclass(frozen=True)
class Feature:
    """One feature; `availability` is the earliest track on which it may be known."""

    name: str
    family: str
    unit: str
    source_columns: tuple[str, ...]
    description: str
    availability: str = "off_market"
    type: str = "DOUBLE"
    null_policy: str = NULL
    code_version: str = CODE_VERSION


def _structure() -> list[Feature]:
    rows: list[tuple[str, str, tuple[str, ...], str]] = [
        ("latitude", "degrees", ("latitude",), "North-south place."),
        ("longitude", "degrees", ("longitude",), "East-west place."),
        (
            "rotated_north_east",
            "degrees",
            ("latitude", "longitude"),
            "Sum of the two: lets a split run diagonally.",
        ),
        (
            "rotated_north_west",
            "degrees",
            ("latitude", "longitude"),
            "Difference of the two: lets a split run diagonally.",
        ),
        ("living_area", "sqft", ("living_area",), "Living area."),
        ("lot_size_square_feet", "sqft", ("lot_size_square_feet",), "Lot."),
        ("ln_living_area", "ln sqft", ("living_area",), "Log of the living area."),
        ("ln_lot_size", "ln sqft", ("lot_size_square_feet",), "Log of the lot."),
        (
            "living_to_lot_ratio",
            "ratio",
            ("living_area", "lot_size_square_feet"),
            "Living area over lot.",
        ),
        ("age_years", "years", ("year_built",), "Age in the year of the valuation."),
        (
            "since_work_years",
            "years",
            ("year_built", "year_renovated"),
            "Years since built or renovated, whichever is later.",
        ),
        ("renovated_yn", "0/1", ("year_renovated",), "Was renovated."),
        ("bedrooms_total", "count", ("bedrooms_total",), "Bedrooms."),
        ("bathrooms_total", "count", ("bathrooms_total",), "Bathrooms, halves counted as 0.5."),
        (
            "bathrooms_per_bedroom",
            "ratio",
            ("bathrooms_total", "bedrooms_total"),
            "Bathrooms over bedrooms plus one.",
        ),
        (
            "living_per_room_sqft",
            "sqft",
            ("living_area", "bedrooms_total", "bathrooms_total"),
            "Living area per bedroom and bathroom.",
        ),
        ("stories_total", "count", ("stories_total",), "Floors."),
        ("garage_spaces", "count", ("garage_spaces",), "Garage spaces."),
        ("pool_private_yn", "0/1", ("pool_private_yn",), "Own pool."),
        ("waterfront_yn", "0/1", ("waterfront_yn",), "On the water."),
        ("view_score", "score", ("view_score",), "View, as the source scores it."),
        ("condition_score", "score", ("condition_score",), "Condition, as the assessor scores it."),
        (
            "grade_score",
            "score",
            ("grade_score",),
            "Construction grade, as the assessor scores it.",
        ),
        (
            "basement_share",
            "ratio",
            ("below_grade_finished_area", "above_grade_finished_area", "living_area"),
            "Share of the living area below grade.",
        ),
        ("above_grade_finished_area", "sqft", ("above_grade_finished_area",), "Area above grade."),
        ("neighbor_living_area", "sqft", ("neighbor_living_area",), "Neighbours' living area."),
        (
            "ln_neighbor_living_area",
            "ln sqft",
            ("neighbor_living_area",),
            "Log of the neighbours' living area.",
        ),
        (
            "living_to_neighbor_ratio",
            "ratio",
            ("living_area", "neighbor_living_area"),
            "Own living area over the neighbours'.",
        ),
        ("ln_neighbor_lot_size", "ln sqft", ("neighbor_lot_size",), "Log of the neighbours' lot."),
        (
            "lot_to_neighbor_ratio",
            "ratio",
            ("lot_size_square_feet", "neighbor_lot_size"),
            "Own lot over the neighbours'.",
        ),
        ("association_fee", "usd", ("association_fee",), "Home owners' association fee."),
    ]
    return [
        Feature(name, "location" if unit == "degrees" else "structure", unit, sources, text)
        for name, unit, sources, text in rows
    ]


SALE_COLUMNS = ("close_price", "close_date", "latitude", "longitude")
ALIKE_COLUMNS = tuple(
    {
        "ln_living_area": "living_area",
        "ln_lot_size": "lot_size_square_feet",
        "age_years": "year_built",
    }.get(name, name)
    for name in LIKENESS_UNITS
)


def _comparables(settings: CompsSettings) -> list[Feature]:
    past = "log residual"
    out = [
        Feature(
            f"location_residual_{metres(scale)}",
            "location_residual",
            past,
            SALE_COLUMNS,
            f"What sales within about {scale:g} km fetched beyond attributes and market.",
        )
        for scale in settings.scales_km
    ]
    out += [
        Feature(
            f"sales_density_{metres(scale)}",
            "comparables",
            "weighted count",
            SALE_COLUMNS,
            f"How much past sales weigh within about {scale:g} km.",
        )
        for scale in settings.density_scales_km
    ]
    for scale in settings.alike_scales_km:
        out.append(
            Feature(
                f"alike_residual_{metres(scale)}",
                "comparables",
                past,
                SALE_COLUMNS + ALIKE_COLUMNS,
                f"The same within about {scale:g} km, weighted by likeness.",
            )
        )
        out.append(
            Feature(
                f"alike_weight_{metres(scale)}",
                "comparables",
                "weighted count",
                SALE_COLUMNS + ALIKE_COLUMNS,
                f"How much alike sales weigh within about {scale:g} km.",
            )
        )
    of_alike = f"of the {settings.n_alike} most alike sales"
    for name, unit, text in (
        ("comps_residual", past, f"Weighted mean residual {of_alike}."),
        ("comps_residual_median", past, f"Median residual {of_alike}."),
        ("comps_residual_low", past, f"Lowest residual {of_alike}."),
        ("comps_residual_high", past, f"Highest residual {of_alike}."),
        ("comps_spread", past, f"Weighted standard deviation of the residuals {of_alike}."),
        ("comps_best_residual", past, "Residual of the most alike sale."),
        ("comps_mean_residual", past, f"Plain mean residual {of_alike}."),
        ("comps_distance_km", "km", f"Mean distance {of_alike}."),
        ("comps_unlikeness", "squared units", f"Mean unlikeness {of_alike}."),
        ("comps_age_days", "days", f"Mean age {of_alike}."),
        ("comps_count", "count", "Past sales found near by, at most the number looked for."),
    ):
        out.append(Feature(name, "comparables", unit, SALE_COLUMNS + ALIKE_COLUMNS, text))
    out += [
        Feature(
            f"distance_to_sale_{rank}_km",
            "comparables",
            "km",
            ("latitude", "longitude"),
            f"Distance to the past sale that is number {rank} by distance.",
        )
        for rank in settings.distance_ranks
    ]
    for name in MAKE_UP:
        out.append(
            Feature(
                f"neighbours_{name}",
                "neighbourhood",
                "as the feature",
                (name, "latitude", "longitude"),
                f"Mean {name} of the {settings.n_make_up} nearest past sales.",
            )
        )
        out.append(
            Feature(
                f"own_minus_neighbours_{name}",
                "neighbourhood",
                "as the feature",
                (name, "latitude", "longitude"),
                f"Own {name} less that mean.",
            )
        )
    for name in GROUPS:
        out.append(
            Feature(
                f"{name}_residual",
                "group_residual",
                past,
                ("close_price", "close_date", name),
                f"Shrunken mean residual of past sales of the same {name}.",
            )
        )
        out.append(
            Feature(
                f"{name}_sales",
                "group_residual",
                "count",
                ("close_date", name),
                f"Past sales of the same {name}.",
            )
        )
    out.append(
        Feature(
            "hedonic_log_value",
            "market",
            "ln usd",
            ("close_price", "close_date"),
            "Value of the attributes alone, by the vintage known in time, market level off.",
        )
    )
    out.append(
        Feature(
            "comps_log_value",
            "market",
            "ln usd",
            SALE_COLUMNS + ALIKE_COLUMNS,
            "The comparables' estimate, market level off: where the booster starts from.",
        )
    )
    out.append(
        Feature(
            "index_log",
            "market",
            "ln ratio",
            ("close_price", "close_date"),
            "Market level on the day the home is expected to close, as known in time. Added to "
            "the booster's answer, not shown to it.",
        )
    )
    return out


def features(settings: CompsSettings | None = None) -> tuple[Feature, ...]:
    """All features of the off_market matrix, in column order."""
    return tuple(_structure() + _comparables(settings or CompsSettings()))


def registry_frame(
    specs: Iterable[Feature], filled_shares: Mapping[str, float] | None = None
) -> pl.DataFrame:
    """One row per feature. `filled_shares` is the share of rows with a value; a family of which
    every feature is empty has fallen away (`family_present` false)."""
    shares = filled_shares or {}
    rows = [asdict(spec) | {"filled_share": shares.get(spec.name)} for spec in specs]
    present = {
        row["family"] for row in rows if row["filled_share"] is None or row["filled_share"] > 0
    }
    return pl.DataFrame(
        [
            row
            | {
                "source_columns": list(row["source_columns"]),
                "family_present": row["family"] in present,
            }
            for row in rows
        ],
        schema_overrides={"filled_share": pl.Float64, "source_columns": pl.List(pl.String)},
    )


def registry_hash(specs: Iterable[Feature]) -> str:
    """sha256 (hex) of everything the registry says of its features, their order included."""
    text = json.dumps([asdict(spec) for spec in specs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def barred(columns: Iterable[str], specs: Iterable[Feature], track: str) -> list[str]:
    """Of `columns`, those that `track` may not know or that no feature of the registry explains.

    Raises ValueError for an unknown track.
    """
    if track not in TRACKS:
        raise ValueError(f"unknown track {track!r}: one of {', '.join(TRACKS)}")
    allowed = {s.name for s in specs if TRACKS.index(s.availability) <= TRACKS.index(track)}
    return sorted(set(columns) - allowed)


def filled_shares(matrix: pl.DataFrame, specs: Iterable[Feature]) -> dict[str, float]:
    """Share of the matrix's rows that have a value, by feature."""
    n = max(len(matrix), 1)
    return {spec.name: 1.0 - matrix[spec.name].null_count() / n for spec in specs}
