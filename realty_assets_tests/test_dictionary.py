"""docs/data_dictionary.md is what the code makes of itself."""

from __future__ import annotations

import pytest

from realty_assets.dictionary import VOLATILE
from realty_assets.dictionary_page import SAID, columns_of, descriptions, page, page_of, unit_of
from realty_assets.ingestion.contract import COLUMN_NAMES, listings
from realty_assets.ingestion.rules import RULES
from realty_assets.settings import REPO_ROOT
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market

PAGE = REPO_ROOT / "docs" / "data_dictionary.md"


def test_the_page_in_docs_is_the_one_that_the_code_makes(market: Market) -> None:
    made = page_of(Warehouse.at(market.home / "warehouse.duckdb"))
    assert PAGE.read_text(encoding="utf-8") == made, "give `make docs` and commit the page"


def test_every_table_of_a_home_is_described_and_every_volatile_column_is_there(
    market: Market,
) -> None:
    columns = columns_of(Warehouse.at(market.home / "warehouse.duckdb"))
    said = descriptions()
    assert [table for table in columns if not said.get(table, "").strip()] == []
    assert set(SAID) <= set(columns)
    for table, names in VOLATILE.items():
        assert names <= {name for name, _ in columns[table]}, table


def test_the_page_has_every_column_and_rule() -> None:
    text = page({}, {})
    for rule in RULES.values():
        assert f"| `{rule.id}` | {rule.severity} | {rule.version} | {rule.sentence} |" in text
    for name in COLUMN_NAMES:
        assert f"| `{name}` |" in text
        assert listings.columns[name].says, f"{name} says nothing of itself"


def test_a_table_that_nothing_describes_is_an_error() -> None:
    with pytest.raises(KeyError):
        page({"clean.unheard_of": [("a", "VARCHAR")]}, {})


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("close_price", "US dollars"),
        ("days_on_market", "days"),
        ("living_area", "square feet"),
        ("city_share", "share, 0 to 1"),
        ("known_at", "UTC"),
        ("n_rows", "count"),
        ("city", ""),
    ],
)
def test_units_are_told_by_the_name(name: str, unit: str) -> None:
    assert unit_of(name) == unit
