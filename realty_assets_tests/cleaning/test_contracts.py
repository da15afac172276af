"""clean.contracts: the day of the contract that led to a sale, as its listing's versions say."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets_tests.cleaning.rooms import Room
from realty_assets_tests.frames import closed

START = date(2021, 3, 1)
CLOSE = 40  # days after START
AGREED = ("Pending", "Active Under Contract")
OFFERED = ("Active", "Coming Soon", "Withdrawn", "Canceled", "Expired")


def told(day: int, status: str, key: str = "1", hour: int = 12, **more: Any) -> dict[str, Any]:
    """A version of listing `key`, known `day` days after START."""
    on = START + timedelta(days=day)
    row = closed(key, START + timedelta(days=CLOSE), 300_000.0)
    if status != "Closed":
        row |= {"close_date": None, "close_price": None}
    return {
        **row,
        "standard_status": status,
        "known_at": datetime(on.year, on.month, on.day, hour),
        "list_price": 310_000.0,
        "listing_contract_date": START,
        **more,
    }


def contracts(*versions: dict[str, Any]) -> dict[str, date]:
    rows = Room(list(versions))["contracts"]
    return dict(rows.select("listing_key", "purchase_contract_date").iter_rows())


def day(n: int) -> date:
    return START + timedelta(days=n)


SOLD = told(CLOSE, "Closed")


@pytest.mark.parametrize("status", AGREED)
def test_the_first_version_under_contract_is_the_day_of_the_contract(status: str) -> None:
    assert contracts(
        told(0, "Active"), told(12, status), told(20, "Pending"), told(25, status), SOLD
    ) == {"1": day(12)}


@pytest.mark.parametrize("again", OFFERED)
def test_a_contract_that_fell_through_does_not_count(again: str) -> None:
    versions = [told(0, "Active"), told(5, "Pending"), told(9, again)]
    assert contracts(*versions, SOLD) == {}
    assert contracts(*versions, told(21, "Pending"), SOLD) == {"1": day(21)}


def test_without_a_close_or_a_contract_that_was_seen_there_is_none() -> None:
    assert contracts(told(0, "Active"), told(12, "Pending")) == {}
    assert contracts(told(0, "Active"), SOLD) == {}
    assert contracts(SOLD) == {}
    # A close without a price is no sale yet.
    assert contracts(told(12, "Pending"), told(CLOSE, "Closed", close_price=None)) == {}


def test_never_after_the_close_nor_before_the_listing() -> None:
    late = {"known_at": datetime(2021, 6, 1)}
    assert contracts(told(CLOSE + 3, "Pending"), told(0, "Closed", **late)) == {}
    assert contracts(told(CLOSE, "Pending"), told(0, "Closed", **late)) == {"1": day(CLOSE)}
    assert contracts(told(-2, "Pending"), SOLD) == {}
    assert contracts(told(0, "Pending"), SOLD) == {"1": day(0)}
    unlisted = {"listing_contract_date": None}
    assert contracts(told(-2, "Pending", **unlisted), told(CLOSE, "Closed", **unlisted)) == {
        "1": day(-2)
    }


def test_each_listing_of_each_source_has_its_own() -> None:
    other = {"source": "other"}
    assert contracts(
        told(3, "Pending"), SOLD, told(7, "Pending", key="2"), told(CLOSE, "Closed", key="2")
    ) == {"1": day(3), "2": day(7)}
    rows = Room([told(3, "Pending"), SOLD, told(7, "Pending", **other), SOLD | other])["contracts"]
    assert sorted(rows.select("source", "purchase_contract_date").iter_rows()) == [
        ("har", day(3)),
        ("other", day(7)),
    ]


def test_a_later_version_of_a_closed_listing_changes_nothing() -> None:
    before = [told(0, "Active"), told(12, "Pending"), SOLD]
    assert contracts(*before) == {"1": day(12)}
    for later in (
        told(60, "Closed", close_date=day(5)),
        told(60, "Closed", listing_contract_date=day(20)),
        told(60, "Closed", close_price=1.0),
        told(60, "Pending"),
        told(60, "Active"),
        told(60, "Withdrawn"),
        told(60, "Delete"),
    ):
        assert contracts(*before, later) == {"1": day(12)}, later["standard_status"]


STATUSES = st.sampled_from([*AGREED, *OFFERED, "Closed", "Delete"])
HISTORY = st.lists(st.tuples(st.integers(-3, 30), STATUSES), min_size=1, max_size=8)


@given(histories=st.lists(HISTORY, min_size=1, max_size=12), data=st.data())
@settings(max_examples=8, deadline=None)
def test_a_history_gives_the_same_day_whatever_comes_after_the_close(histories, data) -> None:
    """And the day is that of a version under contract, with none on offer between it and the
    close."""
    rows, longer = [], []
    for number, history in enumerate(histories):
        versions = [
            told(at, status, key=str(number), close_date=day(CLOSE) if status == "Closed" else None)
            for at, status in history
        ]
        rows += versions
        closings = [row["known_at"] for row in versions if row["standard_status"] == "Closed"]
        if closings:
            after = data.draw(st.lists(st.tuples(st.integers(31, 60), STATUSES), max_size=3))
            longer += [
                told(at, status, key=str(number), close_date=day(1 + at % 5))
                for at, status in after
            ]
    found = contracts(*rows)
    assert contracts(*rows, *longer) == found
    for number, history in enumerate(histories):
        ends = [at for at, status in history if status == "Closed"]
        before = [one for one in history if ends and one[0] < min(ends)]
        offered = max((at for at, status in before if status in OFFERED), default=-99)
        agreed = [at for at, status in before if status in AGREED and at > offered]
        expected = day(min(agreed)) if agreed and min(agreed) >= 0 else None
        assert found.get(str(number)) == expected, history


def test_the_day_is_the_one_that_the_on_market_track_stands_before() -> None:
    room = Room([told(0, "Active"), told(12, "Pending"), SOLD])
    room.tx.replace("clean.contracts", room["contracts"])
    from realty_assets.features.subjects import sale_subjects
    from realty_assets.features.tracks import ON_MARKET
    from realty_assets.statements import sql

    subjects = sale_subjects(room.tx.read(sql("features/sales.sql")), ON_MARKET)
    assert subjects["as_of"].to_list() == [day(11)]
    assert subjects.filter(pl.col("list_price") == 310_000.0).height == 1
