"""A matrix that was extended is the matrix that is built from nothing, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from realty_assets.features.comparables_table import comparables_frame
from realty_assets.features.fits import fits_frame, read_fits
from realty_assets.features.incremental import BASIS, Build, extension, row_bases
from realty_assets.features.known_hash import RowBytes
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.sales import Sales
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets.features.tracks import AT_LISTING, OFF_MARKET, ON_MARKET
from realty_assets.features.vintages import fits_of, make_vintages
from realty_assets.warehouse import Warehouse
from realty_assets_tests.features.towns import START, town

SETTINGS = FeatureSettings()
EARLY = START + timedelta(days=300)
PROPERTY = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))


def known_by(sales: pl.DataFrame, day: date) -> pl.DataFrame:
    return sales.filter(pl.col("known_at") < pl.lit(day).cast(pl.Datetime("us")))


def asked(sales: pl.DataFrame, today: date, track: str = OFF_MARKET) -> pl.DataFrame:
    """Subjects of `sales`, and ten homes that want a value today."""
    active = sales.head(10).with_columns(standard_status=pl.lit("Active"))
    none = sales.head(0)
    return pl.concat([sale_subjects(sales, track), today_subjects(active, none, today, track)])


def extended(
    standing: pl.DataFrame | None,
    subjects: pl.DataFrame,
    sales: Sales,
    track: str = OFF_MARKET,
    build: Build | None = None,
) -> tuple[pl.DataFrame, int]:
    """(a table that held `standing` as it is afterwards, of how many subjects rows were made)."""
    with TemporaryDirectory() as folder:
        warehouse = Warehouse.at(Path(folder) / "warehouse.duckdb")
        bases = pl.Series(BASIS, [], dtype=pl.String)
        if standing is not None:
            warehouse.replace("features.rows", standing)
            bases = first_rows(standing)[BASIS]
        changes = extension(bases, subjects, sales, SETTINGS, track=track, build=build)
        with warehouse.transaction() as tx:
            if standing is None:
                tx.replace("features.rows", changes.rows)
            else:
                tx.change("features.rows", changes)
        return warehouse.read("features.rows"), len(first_rows(changes.rows))


def first_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per subject that has any."""
    return rows.filter(rank=1) if "rank" in rows.columns else rows


def assert_same_rows(got: pl.DataFrame, expected: pl.DataFrame) -> None:
    """The same rows bit for bit; their order in a table says nothing."""
    key = [BASIS, "listing_key", "property_key", *(["rank"] if "rank" in got.columns else [])]
    assert_frame_equal(got.sort(key), expected.sort(key), check_exact=True)


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    return town(420)


@pytest.fixture(scope="module", params=[OFF_MARKET, AT_LISTING, ON_MARKET])
def before(request, sales) -> tuple[str, pl.DataFrame]:
    """(track, its matrix as it stood in autumn)."""
    track, early = request.param, known_by(sales, EARLY)
    return track, extended(None, asked(early, EARLY, track), Sales(early, track), track)[0]


def moved(sales: pl.DataFrame, how: str, seed: int) -> pl.DataFrame:
    """What later deliveries can do to clean.sales."""
    random = np.random.default_rng(seed)
    hit = pl.Series(random.random(len(sales)) < 0.02)
    early = pl.lit(START + timedelta(days=int(random.integers(60, 280)))).cast(pl.Datetime("us"))
    if how == "late":  # one more sale that had been known for long
        extra = sales.filter(pl.Series(np.arange(len(sales)) == random.integers(0, 250)))
        named = pl.format("late {}", "listing_key")
        return pl.concat([sales, extra.with_columns(listing_key=named, known_at=early)])
    if how == "prices":
        changed = pl.when(hit).then(pl.col("close_price") * 1.1).otherwise("close_price")
        return sales.with_columns(close_price=changed)
    if how == "gone":
        return sales.filter(~hit)
    if how == "excluded":
        says = pl.when(hit).then(pl.lit("sale.late")).otherwise("excluded_by")
        return sales.with_columns(excluded_by=says)
    if how == "list":  # moves as_of, and with it how long a track waits
        days = pl.when(hit).then(pl.col("close_date").dt.offset_by("-9d"))
        return sales.with_columns(listing_contract_date=days.otherwise("listing_contract_date"))
    return sales


@given(
    how=st.sampled_from(["later", "late", "prices", "gone", "excluded", "list"]),
    days=st.integers(0, 60),
    seed=st.integers(0, 2**32 - 1),
)
@PROPERTY
def test_extended_equals_built_anew(sales, before, how, days, seed) -> None:
    track, standing = before
    today = EARLY + timedelta(days=days)
    frame = known_by(moved(sales, how, seed), today)
    subjects = asked(frame, today, track).sample(fraction=1.0, shuffle=True, seed=seed % 1000)
    fresh, _ = extended(None, subjects, Sales(frame, track), track)
    got, _ = extended(standing, subjects, Sales(frame).on(track), track)
    assert_same_rows(got, fresh)


def test_homes_told_of_in_the_same_words_stand_together_or_not_at_all(sales) -> None:
    twice = pl.concat([sales, sales.slice(50, 1)])
    one, two = sale_subjects(sales), sale_subjects(twice)
    told, standing = Sales(sales), None
    for subjects, n_made in ((one, len(one)), (two, 2), (one, 1)):
        fresh, _ = extended(None, subjects, told)
        standing, n = extended(standing, subjects, told)
        assert_same_rows(standing, fresh)
        assert n == n_made


def test_sales_on_another_track_are_those_of_that_track(sales) -> None:
    base = Sales(sales)
    _ = base.levels, base.known_hashes, base.lag_hashes
    for track in (AT_LISTING, ON_MARKET):
        alone = Sales(sales, track)
        assert np.array_equal(base.on(track).lag_days, alone.lag_days, equal_nan=True)
        assert base.on(track).lag_hashes == alone.lag_hashes
        assert base.on(track).known_hashes is base.known_hashes


def test_the_basis_is_all_that_is_added(sales) -> None:
    subjects = asked(sales, EARLY)
    got, _ = extended(None, subjects, Sales(sales))
    plain = build_matrix(subjects, Sales(sales), SETTINGS)
    assert_frame_equal(got.drop(BASIS), plain, check_exact=True)
    assert got[BASIS].to_list() == row_bases(subjects, Sales(sales), SETTINGS).to_list()


def test_new_sales_make_only_their_own_rows(sales) -> None:
    early = known_by(sales, EARLY)
    standing, n = extended(None, asked(early, EARLY), Sales(early))
    assert n == len(standing)
    later = known_by(sales, EARLY + timedelta(days=31))
    subjects = asked(later, EARLY + timedelta(days=31))
    got, n = extended(standing, subjects, Sales(later))
    # The month's sales, today's homes, and those whose day lay where the newest sales fell.
    assert len(later) - len(early) <= n < (len(later) - len(early)) + 40
    again, n = extended(got, subjects, Sales(later))
    assert n == 0
    assert_same_rows(again, got)


def test_a_sale_that_was_known_for_long_touches_all_that_came_after(sales) -> None:
    early = known_by(sales, EARLY)
    standing, _ = extended(None, asked(early, EARLY), Sales(early))
    day = START + timedelta(days=150)
    extra = early.filter(pl.int_range(pl.len()) == 100).with_columns(
        listing_key=pl.lit("late"), known_at=pl.lit(day).cast(pl.Datetime("us"))
    )
    frame = pl.concat([early, extra])
    _, n = extended(standing, asked(frame, EARLY), Sales(frame))
    after = asked(frame, EARLY).filter(pl.col("as_of") > day).height
    assert after <= n <= after + 1  # and its own row


def test_comparables_are_extended_in_the_same_way(sales) -> None:
    early, later = known_by(sales, EARLY), known_by(sales, EARLY + timedelta(days=31))
    standing, _ = extended(None, asked(early, EARLY), Sales(early), build=comparables_frame)
    subjects = asked(later, EARLY + timedelta(days=31))
    fresh, n_all = extended(None, subjects, Sales(later), build=comparables_frame)
    got, n = extended(standing, subjects, Sales(later), build=comparables_frame)
    assert_same_rows(got, fresh)
    assert len(later) - len(early) <= n < (len(later) - len(early)) + 40 < n_all
    plain = comparables_frame(subjects, Sales(later), SETTINGS)
    order = ["as_of", "role", "listing_key", "property_key", "rank"]
    assert_frame_equal(got.sort(order).drop(BASIS), plain, check_exact=True)


def test_every_knob_is_part_of_the_basis(sales) -> None:
    told, subjects = Sales(sales), asked(sales, EARLY)
    plain = row_bases(subjects, told, SETTINGS)
    assert plain.n_unique() == len(plain)
    other = replace(SETTINGS, comps=replace(SETTINGS.comps, prior_weight=0.4))
    index = replace(SETTINGS, index=replace(SETTINGS.index, damping_days=44.0))
    assert not (plain == row_bases(subjects, told, other)).any()
    assert not (plain == row_bases(subjects, told, index)).any()
    assert not (plain == row_bases(subjects, told, SETTINGS, ON_MARKET)).any()


def test_rows_that_say_different_things_have_different_bytes() -> None:
    rows = pl.DataFrame(
        {
            "a": ["x|1:y", "x", None, "null", "", "x", "x"],
            "b": ["z", "1:y|z", "1:", None, "", "x", "x"],
            "c": [0.1, 0.1, -0.0, 0.0, float("nan"), None, 0.0],
            "d": [1, 1, 1, 1, 1, None, 0],
            "e": [True, False, None, True, True, None, None],
            "f": [date(2021, 1, 1), None, None, None, None, None, date(1970, 1, 1)],
        }
    )
    said = RowBytes.of(rows)
    assert len(set(said)) == len(rows)
    for name in rows.columns:
        assert set(RowBytes.of(rows.drop(name))) != set(said)
    assert said.rows(slice(0, 3)) != said.rows(slice(1, 4))
    random = np.random.default_rng(5)
    wild = random.normal(size=2000) * 10.0 ** random.integers(-300, 300, 2000)
    back = [np.frombuffer(row[:8])[0] for row in RowBytes.of(pl.DataFrame({"x": wild}))]
    assert back == wild.tolist()


def test_what_has_no_bytes_is_refused() -> None:
    with pytest.raises(TypeError, match="column x of type List"):
        RowBytes.of(pl.DataFrame({"x": [[1]]}))


def test_fits_read_back_to_the_same_bits_and_are_not_made_again(sales) -> None:
    told = Sales(sales)
    first = make_vintages(told, EARLY, SETTINGS.index, extra=[EARLY])
    kept = fits_of(told, EARLY, SETTINGS.index, extra=[EARLY])
    assert {fit.day for fit in kept.values()} == set(first)
    back = read_fits(fits_frame(kept))
    for basis, fit in kept.items():
        read = back[basis]
        assert np.array_equal(read.level, fit.level)
        assert (read.day, read.slope, read.n_sales) == (fit.day, fit.slope, fit.n_sales)
        assert read.hedonic.terms == fit.hedonic.terms
        assert read.hedonic.intercept == fit.hedonic.intercept
        for name in ("fill", "centre", "scale", "coef"):
            assert np.array_equal(getattr(read.hedonic, name), getattr(fit.hedonic, name))
    # What is kept is used: a fit that was tampered with shows.
    newest = max(back, key=lambda basis: back[basis].day)
    back[newest] = replace(back[newest], slope=123.0)
    again = make_vintages(Sales(sales, fits=back), EARLY, SETTINGS.index, extra=[EARLY])
    assert again[max(again)].slope == 123.0
    # Another track waits for another time, and shares the fits.
    others = make_vintages(Sales(sales, AT_LISTING, kept), EARLY, SETTINGS.index)
    alone = make_vintages(Sales(sales, AT_LISTING), EARLY, SETTINGS.index)
    assert [v.lag_days for v in others.values()] == [v.lag_days for v in alone.values()]
    assert all(np.array_equal(others[day].level, alone[day].level) for day in alone)


def test_a_changed_sale_is_fitted_again(sales) -> None:
    told = Sales(sales)
    make_vintages(told, EARLY, SETTINGS.index)
    other = moved(sales, "prices", 3)
    got = make_vintages(Sales(other, fits=told.fits), EARLY, SETTINGS.index)
    alone = make_vintages(Sales(other), EARLY, SETTINGS.index)
    assert all(np.array_equal(got[day].level, alone[day].level) for day in alone)
