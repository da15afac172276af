"""The release's figures on real sales, by the commands that the README gives."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import realty, realty_json

pytestmark = pytest.mark.slow


def test_king_county_reaches_the_figures_of_the_release(shared_data: Path, tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "preds.csv"
    export = shared_data / "king_county" / "kc_house_data.csv"
    full = {"REALTY_PROFILE": "full"}
    (file,) = realty_json(home, "ingest", export, "--source", "king_county")["files"]
    with export.open(newline="") as rows:
        n_rows = sum(1 for _ in csv.reader(rows)) - 1
    assert file["rows_read"] == n_rows == 21_608
    # One row comes twice; the negative lot and the 33 bedrooms are blanked cells, not lost rows.
    assert (file["rows_staged"], file["rows_unchanged"]) == (21_607, 1)
    realty(home, "run", "all", **full)
    told = realty_json(
        home, "backtest", "--from", "2015-03", "--to", "2015-05", "--out", out, **full
    )
    predictions = pl.read_csv(out, schema_overrides={"parcel_number": pl.String})
    error = (predictions["prediction"] / predictions["close_price"] - 1).abs()
    inside = predictions["close_price"].is_between(predictions["lower_90"], predictions["upper_90"])
    assert predictions.height == predictions["listing_key"].n_unique() == told["n"] == 4_752
    assert predictions["prediction"].null_count() == 0
    assert error.median() == pytest.approx(told["mdape"])
    assert told["mdape"] <= 0.080
    assert (error <= 0.10).mean() >= 0.58
    assert told["r2"] >= 0.90
    assert 0.885 <= inside.mean() <= 0.915
    staged = Warehouse.at(home / "warehouse.duckdb").read("staging.listings")
    flagged = staged.filter(pl.col("flags").list.len() > 0)
    assert set(flagged["listing_key"]) == {"1328340630-20150403", "2402100895-20140625"}
