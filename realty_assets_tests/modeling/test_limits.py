"""When a model does not speak: beyond what it has seen, far from any sale, or too unsure."""

from __future__ import annotations

import json

import numpy as np
import polars as pl

from realty_assets.modeling.limits import Limits


def rows(**columns: object) -> pl.DataFrame:
    """Homes in the middle of everything, but for `columns`."""
    plain = {
        "living_area": 1800.0,
        "lot_size_square_feet": 7000.0,
        "age_years": 30.0,
        "comps_distance_km": 1.0,
    }
    return pl.DataFrame({name: [columns.get(name, value)] for name, value in plain.items()})


def limits() -> Limits:
    random = np.random.default_rng(1)
    return Limits.of(
        pl.DataFrame(
            {
                "living_area": random.uniform(700, 5000, 2000),
                "lot_size_square_feet": random.uniform(2000, 20000, 2000),
                "age_years": random.uniform(0, 100, 2000),
                "comps_distance_km": random.uniform(0.1, 4.0, 2000),
            }
        )
    )


def why(home: pl.DataFrame, width: float = 0.4) -> str | None:
    return limits().reasons(home, np.array([width]))[0]


def test_an_ordinary_home_has_its_value() -> None:
    assert why(rows()) is None
    assert why(rows(living_area=None, comps_distance_km=None)) is None


def test_each_reason_is_said_with_its_figures() -> None:
    assert "living area 40,000" in str(why(rows(living_area=40_000.0)))
    assert "age 180" in str(why(rows(age_years=180.0)))
    assert "30.0 km away" in str(why(rows(comps_distance_km=30.0)))
    assert "180% of the value" in str(why(rows(), width=1.8))


def test_a_little_beyond_the_range_is_still_inside() -> None:
    assert why(rows(living_area=5200.0)) is None


def test_limits_survive_the_file_and_a_market_without_the_columns() -> None:
    assert Limits.read(json.loads(json.dumps(limits().as_dict()))) == limits()
    bare = Limits.of(pl.DataFrame({"comps_distance_km": pl.Series([None], dtype=pl.Float64)}))
    assert bare.reasons(rows(living_area=9e9), np.array([0.3])) == [None]
