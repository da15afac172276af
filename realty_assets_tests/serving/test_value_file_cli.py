"""`realty value --in --out` as a user runs it, on a market that went the whole road."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market, realty_here, realty_json

VALUES = ["value", "lower_90", "upper_90"]


@pytest.fixture(scope="module")
def published(market: Market) -> pl.DataFrame:
    rows = Warehouse.at(market.home / "warehouse.duckdb").read("serving.valuations")
    return rows.filter(pl.col("value").is_not_null()).sort("listing_key")


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return path


def test_a_file_of_all_kinds_of_rows_comes_back_whole(
    market: Market, published: pl.DataFrame, tmp_path: Path
) -> None:
    first = published.row(0, named=True)
    place = [str(first["latitude"]), str(first["longitude"])]
    rows = [
        ["Loan #", "MLS #", "Address", "Zip", "Sqft", "Beds", "Lat", "Lon"],
        ["0001", first["listing_key"], "", "", "", "", "", ""],
        ["0002", "", "", first["postal_code"], "1,850 sqft", "3", *place],
        ["0003", "", "", "", "", "", "", ""],
        ["", "", "", "", "", "", "", ""],
        ["0002", "", "", first["postal_code"], "1,850 sqft", "3", *place],
        ["=1+1", "99", "1 Nowhere St", "", "#N/A", "", "", ""],
    ]
    asks, to = write(tmp_path / "homes.csv", rows), tmp_path / "values.xlsx"
    told = realty_json(market.home, "value", "--in", asks, "--out", to)
    assert (told["n_rows"], told["n_valued"], told["n_without_value"]) == (6, 3, 3)
    assert told["n_repeated_rows"] == 1
    assert told["matched_by"] == {"attributes": 2, "listing_key": 1}
    assert told["read_as"]["MLS #"] == "listing_key"
    assert told["passed_through"] == ["Loan #"]
    assert sum(row["n_rows"] for row in told["reasons"]) == 3
    assert told["model_version"] == first["model_version"]
    headings, *out = openpyxl.load_workbook(to).worksheets[0].values
    found = [dict(zip(headings, row, strict=True)) for row in out]
    assert [row["Loan #"] for row in found] == ["0001", "0002", "0003", None, "0002", "'=1+1"]
    # A sheet holds 16 digits; CSV all 17.
    near = [pytest.approx(first[name], rel=1e-15) for name in VALUES]
    assert [found[0][name] for name in VALUES] == near
    assert found[1] == found[4]
    assert found[1]["matched_by"] == "attributes"
    assert "1 Nowhere" in found[5]["Address"]
    assert "living_area is the error #N/A" in found[5]["note"]
    assert all((row["value"] is None) == (row["reason"] is not None) for row in found)


def test_every_published_value_comes_back_to_the_last_bit_and_as_the_single_verb_says(
    market: Market, published: pl.DataFrame, tmp_path: Path
) -> None:
    asks, to = tmp_path / "homes.csv", tmp_path / "values.csv"
    published.select("listing_key").reverse().write_csv(asks)
    told = realty_json(market.home, "value", "--in", asks, "--out", to)
    assert told["n_valued"] == told["n_rows"] == len(published)
    found = pl.read_csv(to, schema_overrides={"listing_key": pl.String}).sort("listing_key")
    for name in VALUES:
        assert found[name].to_list() == published[name].to_list(), name
    key = published["listing_key"][0]
    single = realty_json(market.home, "value", key)
    assert [single[name] for name in VALUES] == list(found.select(VALUES).row(0))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--as-of", "2099-01-01"], "lies after"),
        (["--track", "sideways"], "no track 'sideways': one of off_market, at_listing, on_market"),
    ],
)
def test_bad_requests_end_with_one_sentence_and_no_file(
    market: Market, published: pl.DataFrame, tmp_path: Path, more: list[str], told: str
) -> None:
    asks = write(tmp_path / "homes.csv", [["listing_key"], [published["listing_key"][0]]])
    to = tmp_path / "values.csv"
    done = realty_here(market.home, "value", "--in", asks, "--out", to, *more, check=False)
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.strip().count("\n") == 0
    assert not to.exists()


def test_the_request_is_never_written_over(market: Market, tmp_path: Path) -> None:
    asks = write(tmp_path / "homes.csv", [["listing_key"], ["1"]])
    before = asks.read_bytes()
    done = realty_here(market.home, "value", "--in", asks, "--out", asks, check=False)
    assert (done.returncode, asks.read_bytes()) == (1, before)
    assert "is the file that asks" in done.stderr
    assert realty_here(market.home, "value", "--in", asks, check=False).returncode == 2


@pytest.mark.parametrize("track", ["at_listing", "on_market"])
def test_a_listing_gets_its_published_value_on_the_track_that_is_asked(
    market: Market, tmp_path: Path, track: str
) -> None:
    listed = Warehouse.at(market.home / "warehouse.duckdb").read("serving.listing_valuations")
    listed = listed.filter((pl.col("track") == track) & pl.col("value").is_not_null())
    listed = listed.sort("listing_key").head(20)
    assert len(listed) > 3
    rows = [["MLS #", "Note"], *([key, ""] for key in listed["listing_key"])]
    asks, to = write(tmp_path / "homes.csv", rows), tmp_path / "values.csv"
    told = realty_json(market.home, "value", "--in", asks, "--out", to, "--track", track)
    assert (told["track"], told["n_valued"]) == (track, len(listed))
    with to.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    for name in VALUES:
        assert [float(row[name]) for row in found] == listed[name].to_list(), name
