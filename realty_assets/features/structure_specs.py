"""What the registry says of structure and location."""

from __future__ import annotations

from realty_assets.features.feature import Feature


def structure_specs() -> list[Feature]:
    """Specs of the columns of `structure_features`, in their order."""
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
