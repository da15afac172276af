"""The three tracks: the day of each, what may be known on it, and the proofs of that."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from realty_assets.features import checks
from realty_assets.features.audit import late_rows, unexplained_columns
from realty_assets.features.matrix import EVIDENCE_COLUMNS, FeatureSettings, build_matrix
from realty_assets.features.on_market import FAMILY, on_market_specs
from realty_assets.features.registry import features
from realty_assets.features.sales import Sales, effective_known_at
from realty_assets.features.subjects import asked_subjects, sale_subjects, today_subjects
from realty_assets.features.tracks import (
    AT_LISTING,
    MATRICES,
    OFF_MARKET,
    ON_MARKET,
    TRACKS,
    UnknownTrack,
    knows,
    sale_as_of,
    with_facts,
)
from realty_assets.warehouse import Warehouse
from realty_assets_tests.features.towns import START, town
from realty_assets_tests.frames import put

SETTINGS = FeatureSettings()
PROPERTY = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
LATER = [AT_LISTING, ON_MARKET]
D = date.fromisoformat
SOLD_AT_ONCE, AGREED_AT_ONCE = ("04-14", "04-15", "04-15"), ("02-28", "03-01", "03-01")


@pytest.mark.parametrize(
    ("what", "listed", "agreed", "closed", "price", "off", "at", "on"),
    [
        ("usual", "2021-03-01", "2021-03-20", "2021-04-15", 3e5, *("02-28", "03-01", "03-19")),
        ("listed the day it sold", "2021-04-15", None, "2021-04-15", 3e5, *SOLD_AT_ONCE),
        ("agreed when listed", "2021-03-01", "2021-03-01", "2021-04-15", 3e5, *AGREED_AT_ONCE),
        ("no contract seen", "2021-03-01", None, "2021-04-15", 3e5, *("02-28", "03-01", "04-14")),
        ("no list date", None, "2021-03-20", "2021-04-15", 3e5, *("04-14", None, "03-19")),
        ("nothing but the sale", None, None, "2021-04-15", 3e5, *("04-14", None, "04-14")),
        ("listed later", "2021-04-20", None, "2021-04-15", 3e5, *("04-14", None, "04-14")),
        ("no price", "2021-03-01", "2021-03-20", "2021-04-15", None, *("02-28", "03-01", None)),
        ("price of 0", "2021-03-01", "2021-03-20", "2021-04-15", 0.0, *("02-28", "03-01", None)),
    ],
)  # fmt: skip
def test_the_day_of_a_sale_on_each_track(
    what: str,
    listed: str | None,
    agreed: str | None,
    closed: str,
    price: float | None,
    off: str | None,
    at: str | None,
    on: str | None,
) -> None:
    sale = with_facts(
        pl.DataFrame(
            {
                "listing_contract_date": [listed and D(listed)],
                "purchase_contract_date": [agreed and D(agreed)],
                "close_date": [D(closed)],
                "list_price": [price],
            },
            schema_overrides={
                "listing_contract_date": pl.Date,
                "purchase_contract_date": pl.Date,
                "list_price": pl.Float64,
            },
        )
    )
    days = sale.select(**{track: sale_as_of(track) for track in TRACKS}).row(0)
    assert days == tuple(day and D(f"2021-{day}") for day in (off, at, on)), what


def test_tracks_know_what_the_ones_before_them_know() -> None:
    assert [[knows(track, of) for of in TRACKS] for track in TRACKS] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    with pytest.raises(UnknownTrack, match="one of off_market, at_listing, on_market"):
        sale_as_of("offmarket")


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    """The town with what the later tracks need: list dates, contracts, cuts; gaps in each."""
    sales = town(700)
    number = pl.int_range(pl.len())
    wait = pl.duration(days=number % 40 + 3)
    return sales.with_columns(
        listing_contract_date=pl.when(number % 7 > 0).then(pl.col("close_date") - wait),
        purchase_contract_date=pl.when(number % 3 > 0).then(pl.col("close_date") - wait / 2),
        list_price=pl.when(number % 11 > 0).then("list_price"),
        original_list_price=pl.when(number % 2 > 0).then(pl.col("list_price") * 1.05),
    ).with_columns(pl.col("purchase_contract_date").cast(pl.Date))


@pytest.fixture(scope="module")
def matrices(sales) -> dict[str, pl.DataFrame]:
    """The rows that the models of each track learn from."""
    return {
        track: build_matrix(
            sale_subjects(sales, track), Sales(sales, track), SETTINGS, n_threads=2, track=track
        )
        for track in TRACKS
    }


def seen(track: str) -> list[str]:
    return [
        "listing_key",
        *(spec.name for spec in features(SETTINGS.comps, track=track)),
        *EVIDENCE_COLUMNS,
    ]


def test_each_track_has_its_sales_on_its_days(sales, matrices) -> None:
    counts = {track: len(matrix) for track, matrix in matrices.items()}
    assert counts[OFF_MARKET] == len(sales) == 700
    assert counts[AT_LISTING] == sales["listing_contract_date"].drop_nulls().len() == 600
    assert counts[ON_MARKET] == sales["list_price"].drop_nulls().len() == 636
    for track, matrix in matrices.items():
        assert set(matrix["track"]) == {track}
        assert late_rows(matrix).is_empty()
        assert (matrix["as_of"] <= matrix["close_date"]).all()


def test_no_track_has_a_feature_of_a_later_availability(matrices) -> None:
    every = features(SETTINGS.comps, track=ON_MARKET)
    for track, matrix in matrices.items():
        assert unexplained_columns(matrix.columns, every, track) == []
        late = {spec.name for spec in every if not knows(track, spec.availability)}
        assert not late & set(matrix.columns)
        assert bool(late) == (track != ON_MARKET)
        for name in ("list_price", "original_list_price", "listing_contract_date"):
            assert name not in matrix.columns
    assert {spec.name for spec in on_market_specs()} <= set(matrices[ON_MARKET].columns)


@pytest.mark.parametrize("track", [OFF_MARKET, AT_LISTING])
def test_a_planted_feature_of_a_later_track_is_caught_and_blocks(
    matrices, track: str, tmp_path: Path
) -> None:
    """A model never comes to be made of a matrix that holds what its track may not know."""
    warehouse = Warehouse.at(tmp_path / "warehouse.duckdb")
    frames = {"sound": matrices[track]}
    frames["planted"] = frames["sound"].with_columns(list_log_value=pl.lit(12.5))
    trained: list[str] = []

    for name, frame in frames.items():
        result = dg.materialize(
            [*_room(track, warehouse, name, frame, trained)],
            resources={"warehouse": warehouse},
            raise_on_error=False,
        )
        found = {one.check_name: one.passed for one in result.get_asset_check_evaluations()}
        assert found.pop("only_what_the_track_may_know") is (name == "sound")
        assert set(found.values()) == {True}
    assert trained == ["sound"]


def _room(
    track: str, warehouse: Warehouse, name: str, frame: pl.DataFrame, trained: list[str]
) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """The matrix of a track, its checks, and a model that is made of it."""
    key = MATRICES[track].split(".")

    @dg.asset(key=key)
    def matrix() -> None:
        put(warehouse, MATRICES[track], frame)

    @dg.asset(deps=[key])
    def model() -> None:
        trained.append(name)

    return [matrix, model, getattr(checks, f"{track}_checks")]


def known_from(moment: date) -> pl.Expr:
    return effective_known_at() >= pl.lit(moment).cast(pl.Datetime("us"))


def without_future(sales: pl.DataFrame, moment: date, seed: int | None) -> pl.DataFrame:
    """`sales` without those known at or after `moment`, or (`seed` given) with others for them."""
    if seed is None:
        return sales.filter(~known_from(moment))
    late = sales.select(known_from(moment)).to_series()
    swap = pl.Series(np.random.default_rng(seed).permutation(len(sales)))
    return sales.with_columns(
        pl.when(late).then(pl.col(name).gather(swap)).otherwise(pl.col(name)).alias(name)
        for name in (
            *("close_price", "latitude", "longitude", "living_area", "year_built"),
            *("postal_code", "subdivision_name", "excluded_by", "property_key", "days_on_market"),
            *("list_price", "original_list_price", "listing_contract_date"),
            "purchase_contract_date",
        )
    )


@pytest.mark.parametrize("track", LATER)
@given(day=st.integers(60, 350), seed=st.none() | st.integers(0, 2**32 - 1))
@PROPERTY
def test_the_future_changes_nothing_on_any_track(
    sales, matrices, track: str, day: int, seed: int | None
) -> None:
    """What a row knows of its own listing stands in the row; all else was known before its day."""
    moment = START + timedelta(days=day)
    early = sale_subjects(sales, track).filter(pl.col("as_of") <= moment)
    other = Sales(without_future(sales, moment, seed), track)
    got = build_matrix(early, other, SETTINGS, track=track)
    mine = matrices[track].filter(pl.col("info_on") <= moment)
    assert 0 < len(mine) == len(got)
    assert_frame_equal(got.select(seen(track)), mine.select(seen(track)), check_exact=True)


def test_what_is_in_time_moves_every_feature_of_sales_on_the_on_market_track(
    sales, matrices
) -> None:
    """Else the test above could not fail for it."""
    other = Sales(without_future(sales, date(2021, 5, 1), 4), ON_MARKET)
    subjects = sale_subjects(sales, ON_MARKET)
    got = build_matrix(subjects, other, SETTINGS, track=ON_MARKET)
    late = pl.col("as_of") > date(2021, 8, 1)
    own = {"ln_list_price", "list_cut_log", "listed_days"}
    for name in (spec.name for spec in on_market_specs()):
        same = got.filter(late)[name].equals(matrices[ON_MARKET].filter(late)[name])
        assert same is (name in own), name


def test_a_listings_own_facts_reach_its_own_row_and_no_family_but_one(sales, matrices) -> None:
    """The price that a listing asks says nothing of its comparables, its area or its past."""
    subjects = sale_subjects(sales, ON_MARKET)
    other = subjects.with_columns(pl.col("list_price") * 1.2, pl.col("original_list_price") * 0.9)
    got = build_matrix(other, Sales(sales, ON_MARKET), SETTINGS, track=ON_MARKET)
    specs = features(SETTINGS.comps, track=ON_MARKET)
    rest = [spec.name for spec in specs if spec.family != FAMILY]
    mine = matrices[ON_MARKET]
    assert_frame_equal(got.select(rest), mine.select(rest), check_exact=True)
    assert (got["ln_list_price"] - mine["ln_list_price"]).to_numpy() == pytest.approx(np.log(1.2))
    for track in (OFF_MARKET, AT_LISTING):
        dear = with_facts(sales).with_columns(pl.col("list_price") * 1.2)
        assert sale_subjects(dear, track).equals(sale_subjects(sales, track))


@pytest.mark.parametrize("track", TRACKS)
@given(at=st.integers(0, 599), company=st.integers(0, 6), listed=st.booleans())
@PROPERTY
def test_a_batch_of_values_sees_what_training_saw(
    sales, matrices, track: str, at: int, company: int, listed: bool
) -> None:
    """As an active listing of that day, or asked for by somebody; alone or in company."""
    row: dict[str, Any] = matrices[track].row(at, named=True)
    home = sales.filter(pl.col("listing_key") == row["listing_key"])
    others = sales.slice((at * 7) % 650, company)
    homes = pl.concat([home, others]).unique("listing_key", maintain_order=True)
    if listed:
        active = homes.with_columns(standard_status=pl.lit("Active"))
        wanted = today_subjects(active, active.head(0), row["as_of"], track)
    else:
        asked = homes.drop("close_date", "close_price").with_columns(role=pl.lit("property"))
        wanted = asked_subjects(asked, row["as_of"], track)
    assert "close_price" in wanted.columns
    assert wanted["close_price"].null_count() == len(wanted)
    got = build_matrix(wanted, Sales(sales, track), SETTINGS, track=track)
    own = got.filter(pl.col("listing_key") == row["listing_key"])
    mine = matrices[track].slice(at, 1)
    assert_frame_equal(own.select(seen(track)), mine.select(seen(track)), check_exact=True)
