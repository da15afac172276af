"""Segments, splits, rivals, and what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from realty_assets.evaluation.arrays import TOO_SMALL
from realty_assets.evaluation.intervals import covered
from realty_assets.evaluation.metrics import mdape
from realty_assets.modeling.judging import optimism, rivals, segment_table
from realty_assets.modeling.judging.keeping import chosen, kept
from realty_assets_tests.modeling.judging.conftest import Judged

NO_PHOTOS = pl.DataFrame(schema={"listing_key": pl.String, "n_photos": pl.Int64})


def test_segments_have_the_figures_of_their_rows_or_none(judged: Judged) -> None:
    frame = segment_table.judged_frame(judged.predictions, judged.sales, NO_PHOTOS)
    rows = segment_table.segment_rows(frame, n_draws=30)
    assert {"all", "month", "area", "property sub type", "age", "market"} <= set(rows["family"])
    assert "photos" not in set(rows["family"])
    for (family, sales), mine in rows.group_by("family", "sales"):
        valid = judged.predictions["excluded_by"].null_count()
        assert mine["n"].sum() == (len(frame) if sales == "all" else valid), family
    small = rows.filter(pl.col("n") < 30)
    assert len(small)
    assert set(small["note"]) == {TOO_SMALL}
    assert small["mdape"].null_count() == len(small)
    house = frame.filter(pl.col("property_sub_type") == "House")
    got = rows.filter((pl.col("segment") == "House") & (pl.col("sales") == "all")).row(
        0, named=True
    )
    assert got["mdape"] == pytest.approx(mdape(house["prediction"], house["close_price"]))
    inside = covered(house["lower_90"], house["upper_90"], house["close_price"])
    assert got["coverage_90"] == pytest.approx(inside.mean())
    assert got["coverage_90_low"] < got["coverage_90"] < got["coverage_90_high"]


def test_photos_are_counted_by_listing(judged: Judged) -> None:
    keys = judged.predictions["listing_key"][:40]
    photos = pl.DataFrame({"listing_key": keys, "n_photos": [2] * 40})
    frame = segment_table.judged_frame(judged.predictions, judged.sales, photos)
    rows = segment_table.segment_rows(frame, n_draws=10).filter(pl.col("family") == "photos")
    n = dict(rows.filter(pl.col("sales") == "all").select("segment", "n").iter_rows())
    assert n == {"with photos": 40, "without photos": len(frame) - 40}


def test_a_thin_market_is_counted_from_what_was_known_before(judged: Judged) -> None:
    frame = segment_table.judged_frame(judged.predictions, judged.sales, NO_PHOTOS)
    row = frame.filter(pl.col("postal_code") == "77001").row(0, named=True)
    info = min(row["as_of"], row["cutoff"])
    close_over = pl.col("close_date").cast(pl.Datetime("us")) + pl.duration(days=1)
    known = pl.max_horizontal("known_at", close_over) < pl.lit(info).cast(pl.Datetime("us"))
    mine = (pl.col("postal_code") == "77001") & pl.col("excluded_by").is_null()
    assert row["n_area_sales"] == judged.sales.filter(known & mine).height > 0


def test_the_ratio_study_stands_trimmed_and_untrimmed_with_and_without_excluded(
    judged: Judged,
) -> None:
    frame = segment_table.judged_frame(judged.predictions, judged.sales, NO_PHOTOS)
    rows = segment_table.ratio_rows(frame, n_draws=20)
    assert len(rows) == 2 * 2 * 6
    assert set(rows["statistic"]) == {"median_ratio", "cod", "prd", "prb", "mki", "vei"}
    whole = rows.filter(~pl.col("trimmed"))
    assert whole["n_trimmed"].sum() == 0
    trimmed = rows.filter(pl.col("trimmed"))
    total = trimmed["n"] + trimmed["n_trimmed"]
    assert set(total) == set(whole["n"])
    cod = rows.filter(pl.col("statistic") == "cod").row(0, named=True)
    assert cod["acceptable"] is (cod["acceptable_low"] <= cod["value"] <= cod["acceptable_high"])


def test_splits_judge_the_same_sales_and_rolling_origin_is_the_published_one(
    judged: Judged,
) -> None:
    market = replace(
        judged.market, model=replace(judged.market.model, members=judged.market.model.members[:1])
    )
    values = optimism.split_values(market, judged.predictions)
    assert set(values) == {
        (optimism.ROLLING, optimism.PUBLISHED),
        (optimism.ROLLING, optimism.QUICK),
        (optimism.GROUPED, optimism.QUICK),
        (optimism.RANDOM, optimism.QUICK),
    }
    assert all(len(value) == len(judged.predictions) for value in values.values())
    rows = optimism.split_rows(judged.predictions, judged.sales, values, "x", n_draws=50)
    published = rows.row(0, named=True)
    s = judged.predictions["close_price"]
    assert published["mdape"] == pytest.approx(mdape(judged.predictions["prediction"], s))
    assert set(rows["n"]) == {len(judged.predictions)}
    others = rows.filter(pl.col("split") != optimism.ROLLING)
    assert others["error_difference"].null_count() == 0
    assert (others["error_difference_low"] <= others["error_difference_high"]).all()
    again = optimism.split_values(market, judged.predictions)
    assert all(np.array_equal(values[name], again[name]) for name in values)


def test_a_market_too_small_to_split_says_so(judged: Judged) -> None:
    few = judged.predictions.head(29)
    rows = optimism.split_rows(few, judged.sales, {}, "x")
    assert set(rows["note"]) == {TOO_SMALL}
    rows = optimism.split_rows(judged.predictions, judged.sales, {}, "x")
    assert set(rows["note"]) == {"too few sales to train on"}


def rivals_file(judged: Judged, folder: Path, **extra: object) -> Path:
    path = folder / "rivals.csv"
    frame = judged.predictions.select(
        "parcel_number",
        "close_date",
        worse=pl.col("prediction") * 1.15,
        same=pl.col("prediction"),
    )
    frame.with_columns(**extra).write_csv(path)
    return path


def test_rivals_are_met_sale_by_sale_and_rows_without_a_partner_are_counted(
    judged: Judged, tmp_path: Path
) -> None:
    path = rivals_file(judged, tmp_path)
    text = path.read_text().splitlines()
    path.write_text("\n".join([*text[:-3], "P-unknown,2021-11-05,1,1", text[1]]) + "\n")
    found = rivals.rival_rows(judged.predictions, judged.sales, rivals.read_rivals(path))
    rows = {row["rival"]: row for row in found.to_dicts()}
    n = len(judged.predictions)
    worse, same = rows["worse"], rows["same"]
    assert worse["verdict"] == "model better"
    assert worse["error_difference_high"] < 0
    assert same["verdict"] == "no difference shown"
    assert same["model_mdape"] == pytest.approx(same["rival_mdape"])
    # One row of the file stands twice, three sales are missing, one home is not ours.
    assert worse["n_file_rows"] == n - 1
    assert worse["n"] == n - 4
    assert worse["n_ambiguous"] == 2
    assert (worse["n_file_unmatched"], worse["n_sales_unmatched"]) == (1, 4)


def test_rivals_on_king_county_fall_behind_only_where_the_interval_says_so(
    shared_data: Path,
) -> None:
    """The file of rivals itself: AutoGluon against the tuned boosters, by the same comparison."""
    found = rivals.read_rivals(shared_data / "king_county" / "rivals.csv")
    frame = pl.read_csv(
        shared_data / "king_county" / "rivals.csv", schema_overrides={"parcel_number": pl.String}
    ).with_columns(pl.col("close_date").str.to_date())
    sales = frame.select(
        "parcel_number",
        "close_date",
        pl.col("close_price").cast(pl.Float64),
        listing_key=pl.col("parcel_number") + pl.col("close_date").cast(pl.String),
        property_key="parcel_number",
        postal_code=pl.col("parcel_number").str.head(3),
    )
    predictions = sales.drop("property_key").with_columns(
        prediction=frame["autogluon_medium"].cast(pl.Float64),
        cutoff=pl.col("close_date").dt.truncate("1mo"),
        backtest_id=pl.lit("b"),
        track=pl.lit("off_market"),
    )
    rows = {r["rival"]: r for r in rivals.rival_rows(predictions, sales, found).to_dicts()}
    assert {name: round(row["rival_mdape"], 4) for name, row in rows.items()} == {
        "xgboost_tuned": 0.0818,
        "lightgbm_tuned": 0.0814,
        "autogluon_medium": 0.0794,
    }
    assert {row["n"] for row in rows.values()} == {4752}
    assert rows["xgboost_tuned"]["verdict"] == "model better"
    assert rows["autogluon_medium"]["verdict"] == "no difference shown"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("parcel,close_date,a\n1,2021-01-01,5\n", "no column parcel_number; it has: parcel"),
        ("parcel_number,close_date\n1,2021-01-01\n", "no column of predictions"),
        ("parcel_number,close_date,a\n1,1/2/2021,5\n", "YYYY-MM-DD"),
    ],
)
def test_a_file_of_rivals_that_cannot_be_used_is_refused_in_a_sentence(
    tmp_path, text, says
) -> None:
    path = tmp_path / "r.csv"
    path.write_text(text)
    with pytest.raises(rivals.BadRivals, match=says):
        rivals.read_rivals(path)
    with pytest.raises(rivals.BadRivals, match="no file"):
        rivals.read_rivals(tmp_path / "none.csv")


def test_rows_stay_while_they_are_true_and_new_ones_take_their_place() -> None:
    before = pl.DataFrame(
        {"backtest_id": ["a", "b", "c"], "made_from": ["1", "2", "3"], "x": [1, 2, 3]}
    )
    made = pl.DataFrame({"backtest_id": ["a"], "made_from": ["1"], "x": [9]})
    got = kept(before, made, {"a": "1", "b": "2", "c": "changed"})
    assert got.rows() == [("b", "2", 2), ("a", "1", 9)]
    assert kept(None, made, {}).equals(made)
    assert kept(before.drop("x"), made, {"b": "2"}).equals(made)


def test_the_headline_of_each_track_is_chosen_when_nobody_says() -> None:
    rows = pl.DataFrame(
        {
            "backtest_id": ["a", "b", "c"],
            "track": ["off_market", "off_market", "on_market"],
            "is_headline": [True, False, False],
        }
    )
    assert chosen(rows, "") == ["a", "c"]
    assert chosen(rows, "b") == ["b"]
    assert chosen(rows, "z") == []
    assert chosen(rows.drop("is_headline"), "") == ["a", "b", "c"]
