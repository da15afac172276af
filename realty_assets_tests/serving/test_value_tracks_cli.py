"""`realty value LISTING_KEY --track` as a user runs it: the published value of that track."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from realty_assets.serving.champion import NoChampion
from realty_assets.serving.values import NoValue, value_of
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market, realty_here, realty_json

VALUES = ["value", "lower_90", "upper_90"]


def warehouse_of(market: Market) -> Warehouse:
    return Warehouse.at(market.home / "warehouse.duckdb")


@pytest.mark.parametrize("track", ["off_market", "at_listing", "on_market"])
def test_a_key_has_its_published_value_on_the_track_that_is_asked(
    market: Market, track: str
) -> None:
    table = "serving.valuations" if track == "off_market" else "serving.listing_valuations"
    valued = pl.col("value").is_not_null() & (pl.col("track") == track)
    row = warehouse_of(market).read(table).filter(valued).sort("listing_key").row(0, named=True)
    told = realty_json(market.home, "value", row["listing_key"], "--track", track)
    for name in ("listing_key", "property_key", "track", "model_version", *VALUES):
        assert told[name] == row[name], name
    assert told["as_of"] == str(row["as_of"])
    assert f"track{track:>26}".split() in [
        line.split()
        for line in realty_here(
            market.home, "value", row["listing_key"], "--track", track
        ).stdout.splitlines()
    ]


def test_a_home_that_is_not_listed_gets_one_sentence(market: Market) -> None:
    listings = warehouse_of(market).read("clean.listings")
    sold = listings.filter(pl.col("standard_status") == "Closed")["listing_key"][0]
    done = realty_here(market.home, "value", sold, "--track", "on_market", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == (
        f"error: Listing {sold} has no value on the track on_market: it is Closed, and that track "
        "values active listings; off_market values sales as well."
    )
    done = realty_here(market.home, "value", "NOT-THERE", "--track", "at_listing", check=False)
    assert "There is no listing NOT-THERE in this home." in done.stderr


def test_a_listing_without_a_value_says_why_on_every_track(market: Market) -> None:
    warehouse = warehouse_of(market)
    without = warehouse.read("serving.listing_valuations").filter(pl.col("value").is_null())
    for row in without.unique("reason").iter_rows(named=True):
        with pytest.raises(NoValue) as told:
            value_of(warehouse, row["listing_key"], row["track"])
        assert str(told.value) == f"Listing {row['listing_key']} has no value: {row['reason']}."


def test_a_track_that_is_none_and_a_day_with_a_key_are_refused(market: Market) -> None:
    done = realty_here(market.home, "value", "1", "--track", "sideways", check=False)
    assert done.returncode == 1
    assert "no track 'sideways': one of off_market, at_listing, on_market" in done.stderr
    done = realty_here(market.home, "value", "1", "--as-of", "2020-01-01", check=False)
    assert done.returncode == 2


def test_before_a_track_has_a_champion_a_sentence_says_so(warehouse: Warehouse) -> None:
    with pytest.raises(NoChampion, match="the track 'on_market' yet; there is a champion"):
        value_of(warehouse, "A1", "on_market")


def test_before_the_listings_are_valued_a_sentence_says_so(tracked: Path, tmp_path: Path) -> None:
    shutil.copytree(tracked, tmp_path / "own")
    warehouse = Warehouse.at(tmp_path / "own" / "warehouse.duckdb")
    with warehouse.transaction() as tx:
        tx.conn.execute("DROP TABLE serving.listing_valuations")
    with pytest.raises(NoValue, match="not been valued on the track on_market yet: `realty run"):
        value_of(warehouse, "A1", "on_market")
