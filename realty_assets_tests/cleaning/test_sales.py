"""One row per real sale, and the rules that speak against learning from one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from realty_assets.cleaning.rules import ANALYST, NOTES, RULE_SENTENCES, SALE_RULES
from realty_assets_tests.cleaning.rooms import Room
from realty_assets_tests.frames import closed

DOCS = Path(__file__).resolve().parents[2] / "docs" / "cleaning.md"
START = date(2021, 1, 1)


def usual(n: int = 30) -> list[dict[str, Any]]:
    """Sales of the ZIP code at about 100 dollars per square foot."""
    return [
        closed(f"u{i}", START + timedelta(days=i), 200_000.0 + 1_000 * (i % 7)) for i in range(n)
    ]


def verdicts(*odd: dict[str, Any]) -> dict[str, list[str]]:
    """The rules that speak of each odd sale among usual ones."""
    sales = Room([*usual(), *odd])["sales"]
    keys = [row["listing_key"] for row in odd]
    found = sales.filter(pl.col("listing_key").is_in(keys))
    return dict(found.select("listing_key", "rule_ids").iter_rows())


def sale(key: str, day: int, price: float, **more: Any) -> dict[str, Any]:
    return closed(key, START + timedelta(days=day), price, **more)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("sale.not_a_home", {"price": 200_000.0, "flags": ["scope.not_a_home"]}),
        ("sale.token_price", {"price": 100.0}),
        ("sale.multi_parcel", {"price": 200_000.0, "parcel_number": "12-3; 12-4"}),
        ("sale.price_typo", {"price": 2_010_000.0, "list_price": 200_000.0}),
        ("sale.price_typo", {"price": 20_000.0, "list_price": 199_000.0}),
        ("sale.price_typo", {"price": 200_500.0, "list_price": 200.0}),
        ("sale.far_below_area", {"price": 60_000.0}),
        ("sale.far_above_area", {"price": 900_000.0}),
        (
            "sale.not_exposed",
            {"price": 150_000.0, "list_price": 150_000.0, "days_on_market": 3},
        ),
        (
            "sale.not_exposed",
            {"price": 170_000.0, "list_price": 170_000.0, "days_on_market": 0},
        ),
    ],
)
def test_each_rule_speaks_and_leaves_the_sale_in(rule: str, told: dict[str, Any]) -> None:
    odd = sale("odd", 60, told.pop("price"), **told)
    assert rule in verdicts(odd)["odd"]
    excluded = Room([*usual(), odd])["exclusions"]
    assert excluded["listing_key"].to_list() == ["odd"]
    assert excluded["reason"].to_list() == [RULE_SENTENCES[excluded["rule_id"][0]]]


@pytest.mark.parametrize(
    "told",
    [
        # Ordinary sales: at list price within days but at the level of the area; below list; slow.
        {"price": 200_000.0, "list_price": 200_000.0, "days_on_market": 1},
        {"price": 150_000.0, "list_price": 155_000.0, "days_on_market": 1},
        {"price": 150_000.0, "list_price": 150_000.0, "days_on_market": 30},
        {"price": 120_000.0, "list_price": 240_000.0},
        {"price": 450_000.0},
        {"price": 200_000.0, "parcel_number": "123-456-7890"},
    ],
)
def test_ordinary_sales_are_left_alone(told: dict[str, Any]) -> None:
    assert verdicts(sale("odd", 60, told.pop("price"), **told)) == {"odd": []}


def test_homes_sold_together_for_one_price_are_a_bulk_transfer() -> None:
    """Told in one instant all three are excluded; two at one price are a coincidence."""
    deed = [sale(f"b{n}", 60, 210_000.0, unparsed_address=f"{n + 1} Oak Ln") for n in range(3)]
    assert set(map(tuple, verdicts(*deed).values())) == {("sale.bulk_transfer",)}
    assert set(map(tuple, verdicts(*deed[:2]).values())) == {()}
    far = [{**row, "postal_code": f"7700{n + 2}"} for n, row in enumerate(deed)]
    assert set(map(tuple, verdicts(*far).values())) == {()}


def test_the_first_of_a_bulk_is_not_judged_by_those_told_later() -> None:
    deed = [
        {
            **sale(f"b{n}", 60, 210_000.0, unparsed_address=f"{n + 1} Oak Ln"),
            "known_at": datetime(2021, 3, 3 + n),
        }
        for n in range(4)
    ]
    found = verdicts(*deed)
    assert [bool(found[f"b{n}"]) for n in range(4)] == [False, False, True, True]


def test_a_flip_is_noted_and_kept() -> None:
    home = {"unparsed_address": "7 Elm St"}
    rows = [sale("bought", 40, 150_000.0, **home), sale("resold", 200, 210_000.0, **home)]
    late = [sale("bought", 40, 150_000.0, **home), sale("resold", 500, 210_000.0, **home)]
    assert verdicts(*rows) == {"bought": [], "resold": ["sale.flip"]}
    assert verdicts(*late)["resold"] == []
    assert Room([*usual(), *rows])["exclusions"].is_empty()


def test_far_below_what_the_home_itself_fetched() -> None:
    home = {"unparsed_address": "7 Elm St", "postal_code": "77999"}
    rows = [sale("before", 0, 400_000.0, **home), sale("deed", 300, 120_000.0, **home)]
    assert verdicts(*rows)["deed"] == ["sale.far_below_own_sale"]
    # A first price ten times too high says nothing against the second, where the area knows better.
    known = {"unparsed_address": "7 Elm St"}
    rows = [sale("typo", 40, 2_050_000.0, **known), sale("real", 70, 205_000.0, **known)]
    assert verdicts(*rows) == {"typo": ["sale.far_above_area"], "real": []}


@pytest.mark.parametrize(
    ("days", "price", "n_sales"),
    [
        *[(0, 300_000.0, 1), (10, 300_000.0, 1), (14, 303_000.0, 1), (2, 3_000_000.0, 1)],
        *[(1, 30_000.0, 1), (15, 300_000.0, 2), (0, 330_000.0, 2), (90, 300_000.0, 2)],
        *[(10, 3_000_000.0, 2)],
    ],
)
def test_a_sale_told_by_two_sources_is_one(days: int, price: float, n_sales: int) -> None:
    home = {"unparsed_address": "7 Elm St", "city": "Houston"}
    first = sale("1", 10, 300_000.0, **home)
    copy = sale("1", 10 + days, price, **home, source="second_mls")
    copy["known_at"] = datetime(2021, 6, 1)
    room = Room([copy, first])
    assert room["sales"].height == n_sales
    told = room["sale_listings"].sort("known_at")
    assert told.height == room["sales"]["n_listings"].sum() == 2
    assert told["evidence"][0] == "first"
    if n_sales == 1:
        one = room["sales"].row(0, named=True)
        assert (one["close_price"], one["source"]) == (300_000.0, "har")
        assert one["other_listing_keys"] == ["1"]


def test_a_chain_of_copies_is_held_by_the_first() -> None:
    """Each copy is near the one before; only those near the sale that stands are its copies."""
    home = {"unparsed_address": "7 Elm St"}
    room = Room([sale(f"k{n}", 10 * n, 300_000.0, **home) for n in range(4)])
    told = room["sale_listings"].sort("known_at")
    assert told["sale_listing_key"].to_list() == ["k0", "k0", "k2", "k2"]


def test_versions_say_how_long_they_were_the_latest() -> None:
    rows = [
        {**sale("1", 0, 3e5), "known_at": datetime(2021, 1, day), "list_price": float(day)}
        for day in (1, 5, 9)
    ]
    versions = Room(rows)["listing_versions"].sort("valid_from")
    days = [datetime(2021, 1, day) for day in (1, 5, 9)]
    assert versions["valid_from"].to_list() == days
    assert versions["valid_to"].to_list() == [*days[1:], None]


def test_every_rule_is_documented_and_every_verdict_has_a_sentence() -> None:
    page = DOCS.read_text(encoding="utf-8")
    for rule, sentence in RULE_SENTENCES.items():
        assert f"`{rule}`" in page, rule
        assert sentence.endswith("."), rule
    assert set(RULE_SENTENCES) >= NOTES | {ANALYST}
    for name, value in vars(SALE_RULES).items():
        assert f"`{name}`" in page, (name, value)
