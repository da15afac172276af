"""Cells and groups as numbers: the same cells as H3's own, the same numbers for whoever asks."""

from __future__ import annotations

import h3
import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.features.areas import RESOLUTIONS, UNKNOWN, UNSEEN, area_names, cells, coded

PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
NAMES = st.lists(st.none() | st.sampled_from("abcdefg"), max_size=30)


@given(st.lists(PLACES, min_size=1, max_size=20))
def test_cells_are_those_of_h3_at_every_resolution(places) -> None:
    latitude, longitude = (np.array(x) for x in zip(*places, strict=True))
    for resolution, found in cells(latitude, longitude).items():
        asked = [
            h3.cell_to_parent(h3.latlng_to_cell(lat, lon, max(RESOLUTIONS)), resolution)
            for lat, lon in places
        ]
        assert [h3.int_to_str(int(cell)) for cell in found] == asked


def test_a_place_that_is_unknown_or_off_the_globe_has_no_cell() -> None:
    found = cells(np.array([np.nan, 91.0, 47.0]), np.array([-122.0, 0.0, 181.0]))
    assert all((cell == 0).all() for cell in found.values())


@given(NAMES, NAMES)
def test_the_same_name_has_the_same_number(of_sales, asked) -> None:
    known = coded(pl.Series(of_sales, dtype=pl.String))
    got = known.lookup(pl.Series(asked, dtype=pl.String)).tolist()
    for name, number in zip(asked, got, strict=True):
        if name is None:
            assert number == UNKNOWN
        elif name not in of_sales:
            assert number == UNSEEN
        else:
            assert known.codes[of_sales.index(name)] == number >= 0


def test_an_area_is_named_by_the_first_that_is_known_and_never_unknown() -> None:
    rows = pl.DataFrame(
        {
            "zip": ["77001", None, None, None],
            "latitude": [29.76, 29.76, None, None],
            "longitude": [-95.36, -95.36, None, None],
            "place": ["Oaks", "Oaks", "Oaks", None],
        }
    )
    named = rows.select(area_names(("zip",), ("place",)))["area"].to_list()
    assert named == ["77001", "595:-1908", "Oaks", "-"]
    assert rows.select(area_names(("zip",)))["area"].to_list() == ["77001", "595:-1908", "-", "-"]
