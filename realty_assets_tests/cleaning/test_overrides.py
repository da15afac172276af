"""An analyst's word on a sale: a row of the ledger that wins over rules and survives reruns."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from realty_assets.cleaning.overrides import BadSaleDecision, decide
from realty_assets.cleaning.rules import ANALYST
from realty_assets.warehouse import Warehouse
from realty_assets_tests.cleaning.rooms import Room
from realty_assets_tests.frames import closed
from realty_assets_tests.markets import realty_here, realty_json

ROWS = [
    closed("token", date(2021, 4, 1), 100.0, unparsed_address="1 Elm St"),
    closed("real", date(2021, 4, 1), 300_000.0, unparsed_address="2 Elm St"),
    closed("copy", date(2021, 4, 2), 300_000.0, unparsed_address="2 Elm St"),
]


def test_the_last_decision_wins_over_rules_and_over_earlier_ones() -> None:
    room = Room(
        ROWS,
        decisions=[
            {"verb": "include", "key": "token", "reason": "the deed says 100,000"},
            {"verb": "include", "key": "real", "reason": "looked at it"},
            {"verb": "exclude", "key": "real", "reason": "sold to a brother", "by": "bea"},
        ],
    )
    sales = {row["listing_key"]: row for row in room["sales"].iter_rows(named=True)}
    assert sales["token"]["excluded_by"] is None
    assert sales["token"]["ruled_out_by"] == "sale.token_price"
    assert sales["real"]["excluded_by"] == ANALYST
    told = room["exclusions"].select("listing_key", "rule_id", "reason", "decided_by").rows()
    assert told == [("real", ANALYST, "sold to a brother", "bea")]
    ledger = room.tx.read("ledger.sale_decisions")
    assert ledger["decision_number"].to_list() == [1, 2, 3]
    assert ledger["ruled_out_by"].to_list() == ["sale.token_price", None, None]
    room.make()
    assert room["sales"].equals(pl.DataFrame(list(sales.values()), schema=room["sales"].schema))


def test_a_decision_stays_with_its_sale_when_another_listing_comes_to_stand_for_it() -> None:
    decision = {"verb": "exclude", "key": "copy", "reason": "sold to a brother"}
    assert Room(ROWS, [decision])["exclusions"]["listing_key"].to_list() == ["real", "token"]
    room = Room(ROWS, [decision])
    older = closed("older", date(2021, 4, 1), 300_000.0, unparsed_address="2 Elm Street")
    older["known_at"] = datetime(2021, 4, 1, 1)
    again = Room([*ROWS, older])
    again.tx.conn.register("told", room.tx.read("ledger.sale_decisions").to_arrow())
    again.tx.conn.execute("INSERT INTO ledger.sale_decisions FROM told")
    again.make()
    excluded = again["exclusions"].filter(pl.col("rule_id") == ANALYST)
    assert excluded["listing_key"].to_list() == ["older"]


def test_the_same_decision_again_is_not_written_again() -> None:
    room = Room(ROWS)
    told = {"verb": "exclude", "key": "real", "reason": "a gift", "by": "ann"}
    assert decide(room.tx, **told)["recorded"]
    assert not decide(room.tx, **told)["recorded"]
    assert decide(room.tx, **{**told, "reason": "a gift to a son"})["recorded"]
    assert room.tx.read("ledger.sale_decisions").height == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"reason": "  "}, "--reason"),
        ({"by": " "}, "--by"),
        ({"key": "nobody"}, "There is no sale with the listing key 'nobody'"),
        ({"source": "mars"}, "of the source mars"),
        ({"verb": "delete"}, "excluded or included"),
    ],
)
def test_bad_decisions_are_refused_in_a_sentence(asked: dict[str, Any], said: str) -> None:
    room = Room(ROWS)
    good = {"verb": "exclude", "key": "real", "reason": "a gift", "by": "ann"}
    with pytest.raises(BadSaleDecision, match=said):
        decide(room.tx, **{**good, **asked})
    assert room.tx.read("ledger.sale_decisions").is_empty()


def test_a_key_of_two_sources_asks_for_the_source() -> None:
    twin = closed("real", date(2021, 4, 1), 9e5, unparsed_address="8 Oak St", source="second_mls")
    room = Room([*ROWS, twin])
    with pytest.raises(BadSaleDecision, match="har or second_mls"):
        decide(room.tx, "exclude", "real", "a gift", "ann")
    assert decide(room.tx, "exclude", "real", "a gift", "ann", "second_mls")["recorded"]


@pytest.mark.slow
def test_the_command_line_decides_and_makes_the_sales_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    from realty_assets_tests.cleaning.figures import staged_market

    staged_market(tmp_path, listings=300, months=8, seed=3)
    realty_here(home, "run", "cleaning")
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    key = warehouse.read("clean.sales").filter(pl.col("excluded_by").is_null())["listing_key"][0]
    told = realty_json(
        home, "sales", "exclude", key, "--reason", "sold to a brother", "--by", "ann"
    )
    assert (told["recorded"], told["rules_said"]) == (True, "nothing against it")
    listed = realty_json(home, "sales", "list", "--rule", ANALYST)["sales"]
    assert [(row["listing_key"], row["decided_by"]) for row in listed] == [(key, "ann")]
    assert key in warehouse.read("clean.exclusions")["listing_key"].to_list()
    realty_here(home, "sales", "include", key, "--reason", "it was a neighbour")
    assert key not in warehouse.read("clean.exclusions")["listing_key"].to_list()
    refused = realty_here(home, "sales", "exclude", "nobody", "--reason", "x", check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: There is no sale with the listing key 'nobody'")
