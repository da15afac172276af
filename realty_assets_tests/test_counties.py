"""Other counties, with other columns: the whole graph, from a user's mapping to valuations."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from realty_assets.features.tracks import AT_LISTING, OFF_MARKET, ON_MARKET
from realty_assets.runs import open_instance
from realty_assets.warehouse import Warehouse
from realty_assets_tests.counties import County
from realty_assets_tests.markets import realty_json

pytestmark = [pytest.mark.slow, pytest.mark.torture]
FULL = os.environ.get("REALTY_TORTURE") == "full"

PLACED = {"comparables", "encodings", "location", "location_residual", "neighbourhood"}
SOURCES = {
    # King County tells of no listing, so none of these does; what else is not there:
    County("no_list_data"): set(),
    County("no_coordinates", without=("lat", "long")): PLACED,
    County("no_bedrooms", without=("bedrooms", "bathrooms")): set(),
    County("months_only", months_only=True): set(),
    County("months_and_no_coordinates", without=("lat", "long"), months_only=True): PLACED,
}
IN_EVERY_RUN = ("months_and_no_coordinates",)
TRIED = {one: gone for one, gone in SOURCES.items() if FULL or one.name in IN_EVERY_RUN}


@pytest.mark.parametrize(("county", "fallen"), TRIED.items(), ids=[county.name for county in TRIED])
def test_a_source_that_lacks_something_gets_its_valuations_from_what_it_has(
    county: County,
    fallen: set[str],
    shared_data: Path,
    home: Path,
    tmp_path: Path,
) -> None:
    file, mapping = county.write(shared_data, tmp_path / "source")
    told = realty_json(home, "ingest", file, "--source", mapping)
    assert (told["n_files"], told["n_refused"]) == (1, 0)
    assert not realty_json(home, "run", "all", REALTY_BACKTEST_MONTHS="2")["up_to_date"]
    warehouse = Warehouse.at(home / "warehouse.duckdb")

    sales = warehouse.read("clean.sales")
    assert len(sales) == file.read_text().count("\n") - 1
    assert set(sales["source"]) == {county.name}

    # Every home is valued, with its interval, but the few that lie outside what is known.
    values = warehouse.read("serving.valuations")
    assert len(values) == sales["property_key"].n_unique()
    valued = values.filter(pl.col("value").is_not_null())
    assert len(valued) > 0.99 * len(values)
    assert (valued["lower_90"] < valued["upper_90"]).all()
    assert (values["value"].is_null() == values["reason"].is_not_null()).all()
    headline = warehouse.read("modeling.backtests").filter(pl.col("slice") == "all")
    assert headline["mdape"][0] < 0.15

    # The registry says what fell away; status and the run say which tracks, and why.
    registry = warehouse.read("features.registry")
    gone = set(registry.filter(~pl.col("family_present"))["family"])
    assert gone == fallen | {"on_market"}
    lacking = set(registry.filter(pl.col("n") == 0)["name"])
    assert ("bedrooms_total" in lacking) == ("bedrooms" in county.without)
    status = realty_json(home, "status", REALTY_BACKTEST_MONTHS="2")
    assert set(status["families_without_data"]) == gone
    tracks = {row["track"]: row for row in status["tracks"]}
    assert (tracks[OFF_MARKET]["has_champion"], tracks[OFF_MARKET]["left_out"]) == (True, None)
    assert tracks[AT_LISTING]["left_out"].startswith("No valid sale on record has a list date.")
    assert tracks[ON_MARKET]["left_out"].startswith("No valid sale on record has a list price.")
    assert not tracks[AT_LISTING]["has_champion"]
    assert left_out() == {track: tracks[track]["left_out"] for track in (AT_LISTING, ON_MARKET)}
    assert warehouse.read("serving.listing_valuations").is_empty()


def left_out() -> dict[str, str]:
    """The tracks that the walk left out, as its run says."""
    with open_instance() as instance:
        key = dg.AssetKey(["modeling", "walk_forward"])
        event = instance.get_latest_materialization_event(key)
        assert event is not None
        assert event.asset_materialization is not None
        said: Any = event.asset_materialization.metadata["tracks_left_out"].value
        return json.loads(said) if isinstance(said, str) else said
