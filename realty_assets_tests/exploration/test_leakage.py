"""Leaks that are planted are found; a clean town has none."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from realty_assets.exploration.findings import Report
from realty_assets.exploration.leakage import Withheld, leakage
from realty_assets.exploration.price_tellers import price_tellers
from realty_assets.exploration.separation import auc, auc_of_words
from realty_assets_tests.exploration.towns import Row, seen, town, warnings


def report_on(frame: pl.DataFrame, *withheld: Withheld) -> Report:
    with seen(frame) as opened:
        return leakage(opened, withheld)


@pytest.mark.parametrize("seed", range(5))
def test_a_clean_town_leaks_nothing(seed: int) -> None:
    assert warnings(report_on(town(seed=seed))) == []


def test_a_field_that_is_filled_only_after_the_close_is_found() -> None:
    def spoil(row: Row) -> Row:
        closed = row["standard_status"] == "Closed"
        return row | {"association_fee": 300.0 if closed else None}

    found = warnings(report_on(town(spoil=spoil)), "after_the_close")
    assert [finding.field for finding in found] == ["association_fee"]
    assert "100.0% of the closed har versions and in 0.0% of the open ones" in found[0].sentence


def test_a_field_that_is_often_empty_before_the_close_is_not() -> None:
    rng = np.random.default_rng(0)

    def spoil(row: Row) -> Row:
        share = 0.9 if row["standard_status"] == "Closed" else 0.3
        return row | {"association_fee": 300.0 if rng.random() < share else None}

    assert warnings(report_on(town(spoil=spoil))) == []


def test_the_outcome_is_named_as_such_and_is_no_warning() -> None:
    notes = [f for f in report_on(town()).findings if f.kind == "after_the_close"]
    assert [(f.severity, f.field) for f in notes] == [
        ("note", "close_date"),
        ("note", "close_price"),
    ]


def test_without_open_versions_it_says_that_it_cannot_tell() -> None:
    frame = town().filter(pl.col("standard_status") == "Closed")
    found = [f for f in report_on(frame).findings if f.kind == "after_the_close"]
    assert [f.severity for f in found] == ["unjudged"]


def sold(row: Row, **fields: Any) -> Row:
    """Fields of closed rows only; open rows keep a value of their own, or filling would tell."""
    return row | (fields if row["close_price"] else dict.fromkeys(fields, 1.0))


def with_price(row: Row) -> Row:
    return {"close_price": None, **row}


@pytest.mark.parametrize(
    ("field", "value", "form"),
    [
        (
            "association_fee",
            lambda row: round(row["close_price"] / row["living_area"], 2),
            "living_area × association_fee",
        ),
        (
            "association_fee",
            lambda row: row["close_price"] * row["bathrooms_full"] / 1000,
            "association_fee / bathrooms_full",
        ),
        (
            "association_fee",
            lambda row: row["close_price"] / row["list_price"],
            "list_price × association_fee",
        ),
        ("tax_annual_amount", lambda row: 0.0251 * row["close_price"], "tax_annual_amount"),
    ],
)
def test_what_gives_the_price_is_named(field: str, value: Any, form: str) -> None:
    def spoil(row: Row) -> Row:
        row = with_price(row)
        return sold(row, **{field: value(row) if row["close_price"] else 1.0})

    found = warnings(report_on(town(spoil=spoil)), "tells_the_price")
    assert [finding.field for finding in found] == [form]
    assert f"{form} " in found[0].sentence


def test_a_price_per_square_foot_in_whole_dollars_still_tells() -> None:
    def spoil(row: Row) -> Row:
        row = with_price(row)
        price = row["close_price"] or row["list_price"]
        return row | {"association_fee": float(round(price / row["living_area"]))}

    found = warnings(report_on(town(spoil=spoil)), "tells_the_price")
    assert [finding.field for finding in found] == ["living_area × association_fee"]


def test_one_that_is_right_in_nine_of_ten_sales_does_not_determine() -> None:
    rng = np.random.default_rng(0)

    def spoil(row: Row) -> Row:
        row = with_price(row)
        off = 1.0 if rng.random() < 0.9 else 1.5
        return row | {"association_fee": (row["close_price"] or 1e5) / row["living_area"] * off}

    assert warnings(report_on(town(spoil=spoil)), "tells_the_price") == []


def test_tellers_do_not_depend_on_the_order_of_rows() -> None:
    with seen(town()) as opened:
        sales = opened.ask("SELECT *, close_price / living_area AS per_sqft FROM sales")
    told = price_tellers(sales)
    assert [teller.form for teller in told if teller.determines] == ["living_area × per_sqft"]
    assert price_tellers(sales.sample(fraction=1.0, shuffle=True, seed=4)) == told


def test_what_a_mapping_keeps_out_is_named_and_is_no_warning() -> None:
    entry = Withheld(
        "har", "Price Sq Ft Sold", "price per square foot × living_area", "close_price"
    )
    other = Withheld("elsewhere", "Price Sq Ft Sold", "x", "close_price")
    report = report_on(town(), entry, other)
    named = [f for f in report.findings if "Price Sq Ft Sold" in f.sentence]
    assert [(f.severity, f.field) for f in named] == [
        ("note", "price per square foot × living_area")
    ]


@pytest.mark.parametrize(
    ("field", "early", "late"),
    [("garage_spaces", 1.0, 2.0), ("city", "Katy", "Spring"), ("year_built", None, 1990)],
)
def test_a_field_that_separates_the_last_months_is_found(field: str, early: Any, late: Any) -> None:
    def spoil(row: Row) -> Row:
        if row["standard_status"] != "Closed":
            return row
        return row | {field: late if row["close_date"] >= date(2023, 10, 1) else early}

    found = warnings(report_on(town(n=3000, spoil=spoil)), "predicts_the_split")
    assert [finding.field for finding in found] == [field]


def test_many_rare_words_do_not_separate_by_chance() -> None:
    rng = np.random.default_rng(0)
    words = pl.Series([f"word {at}" for at in rng.integers(0, 1500, 2000)])
    assert auc_of_words(words, rng.random(2000) < 0.3) < 0.56


def test_auc_counts_ties_as_half() -> None:
    x = np.array([1.0] * 200 + [2.0] * 200)
    last = np.arange(400) >= 200
    assert auc(x, last) == 1.0
    assert auc(np.ones(400), last) == 0.5
    assert auc(-x, last) == 1.0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda row: {"known_at": row["known_at"] - timedelta(days=60)}, "close_date"),
        (
            lambda row: {"modification_timestamp": row["known_at"] + timedelta(days=3)},
            "modification_timestamp",
        ),
    ],
)
def test_a_time_that_travels_is_found(change: Any, field: str) -> None:
    def spoil(row: Row) -> Row:
        one = row["listing_key"] == "7000003" and row["standard_status"] == "Closed"
        return row | (change(row) if one else {})

    frame = town(spoil=spoil)
    assert (
        frame.filter(
            (pl.col("listing_key") == "7000003") & (pl.col("standard_status") == "Closed")
        ).height
        == 1
    )
    found = warnings(report_on(frame), "time_travel")
    assert field in [finding.field for finding in found]
    assert "7000003" in found[0].sentence


def test_an_open_row_that_knows_its_price_is_found() -> None:
    def spoil(row: Row) -> Row:
        one = row["listing_key"] == "7000005" and row["standard_status"] == "Active"
        return row | ({"close_price": 250_000.0} if one else {})

    found = warnings(report_on(town(spoil=spoil)), "time_travel")
    assert [(f.field, f.n_rows) for f in found] == [("close_price", 1)]


def test_a_row_that_is_known_before_it_is_listed_is_found() -> None:
    def spoil(row: Row) -> Row:
        one = row["listing_key"] == "7000005" and row["standard_status"] == "Active"
        return row | ({"known_at": row["known_at"] - timedelta(days=9)} if one else {})

    found = warnings(report_on(town(spoil=spoil)), "time_travel")
    assert [f.field for f in found] == ["listing_contract_date"]


def test_a_few_years_that_travel_are_a_note_and_many_a_warning() -> None:
    def renovated(share: float) -> list[str]:
        def spoil(row: Row) -> Row:
            late = int(row["listing_key"]) % 1000 < 1000 * share
            return row | {"year_renovated": 2030 if late else 2010}

        found = report_on(town(n=1000, spoil=spoil)).findings
        return [f.severity for f in found if f.kind == "time_travel"]

    assert renovated(0.005) == ["note"]
    assert renovated(0.05) == ["warn"]
