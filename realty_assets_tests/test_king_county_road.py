"""The release's figures on real sales, by the commands that the README gives."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import realty_here, realty_json

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
    for step in ("cleaning", "features", "modeling/trials"):
        realty_here(home, "run", step, **full)
    told = realty_json(
        home, "backtest", "--from", "2015-03", "--to", "2015-05", "--out", out, **full
    )
    predictions = pl.read_csv(out, schema_overrides={"parcel_number": pl.String})
    error = (predictions["prediction"] / predictions["close_price"] - 1).abs()
    inside = predictions["close_price"].is_between(predictions["lower_90"], predictions["upper_90"])
    assert predictions.height == predictions["listing_key"].n_unique() == told["n"] == 4_752
    assert predictions["prediction"].null_count() == 0
    assert error.median() == pytest.approx(told["mdape"])
    assert told["mdape"] <= 0.075
    assert (error <= 0.10).mean() >= 0.61
    assert told["r2"] >= 0.917
    assert told["cod"] <= 11.25
    assert 0.98 <= told["prd"] <= 1.03
    assert -0.05 <= told["prb"] <= 0.05
    assert 0.985 <= told["median_ratio"] <= 1.015
    # The intervals: in all, by quartile of predicted price, by area, and not by being wide.
    assert 0.89 <= inside.mean() <= 0.91
    assert told["median_width_ratio"] <= 0.46
    judged = predictions.with_columns(inside=inside).join(areas(home), on="listing_key")
    quartile = (pl.col("prediction").rank("ordinal") - 1) * 4 // pl.len()
    by_quartile = judged.group_by(quartile).agg(pl.col("inside").mean())["inside"]
    assert by_quartile.is_between(0.87, 0.93).all()
    by_area = judged.group_by("postal_code").agg(pl.col("inside").mean(), n=pl.len())
    large = by_area.filter(pl.col("n") >= 50)["inside"]
    assert (large < 0.80).sum() <= 2
    assert large.min() >= 0.70
    # The best rival on the same sales, pair by pair (AutoGluon, refit each month).
    rivals = pl.read_csv(
        shared_data / "king_county" / "rivals.csv",
        schema_overrides={"parcel_number": pl.String, "close_price": pl.Float64},
    ).with_columns(pl.col("close_date").cast(pl.String))
    paired = predictions.with_columns(pl.col("close_price").cast(pl.Float64)).join(
        rivals, on=["parcel_number", "close_date", "close_price"]
    )
    assert paired.height == 4_752
    off = {
        name: (paired[name] / paired["close_price"]).log().abs()
        for name in ("prediction", "autogluon_medium")
    }
    gain = off["autogluon_medium"] - off["prediction"]
    assert gain.mean() - 1.96 * gain.std() / len(gain) ** 0.5 > 0
    staged = Warehouse.at(home / "warehouse.duckdb").read("staging.listings")
    flagged = staged.filter(pl.col("flags").list.len() > 0)
    assert set(flagged["listing_key"]) == {"1328340630-20150403", "2402100895-20140625"}


def areas(home: Path) -> pl.DataFrame:
    """listing_key, postal_code of every sale."""
    sales = Warehouse.at(home / "warehouse.duckdb").read("clean.sales")
    return sales.select("listing_key", "postal_code")
