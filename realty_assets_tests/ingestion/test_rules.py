"""Every rule: a row that breaks it is found, a row without fault is left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from realty_assets.ingestion import rules
from realty_assets.ingestion.contract import COLUMN_NAMES, breaches
from realty_assets.ingestion.file_rules import judge_file
from realty_assets.ingestion.files import ingest_file
from realty_assets.ingestion.sources import built_in
from realty_assets_tests.ingestion.exports import sale, write

FAULTS: list[tuple[dict[str, str], str]] = [
    ({"MLS_Number": ""}, "key.missing"),
    ({"Close_Date": "4/17/2021"}, "date.close_before_list"),
    ({"Close_Date": "3/1/2029"}, "date.close_in_future"),
    (
        {"Status": "Active", "Close_Date": "", "Close_Price": "", "List_Date": "9/1/2022"},
        "date.list_in_future",
    ),
    ({"Last_Change_Timestamp": "6/15/2052 1:00:00 PM"}, "date.changed_far_ahead"),
    ({"Close_Date": "13/45/2021"}, "date.unreadable"),
    ({"List_Date": "2/30/2021"}, "date.unreadable"),
    ({"Last_Change_Timestamp": "yesterday"}, "date.unreadable"),
    ({"Close_Date": ""}, "date.close_missing"),
    ({"Close_Date": "2021-06-15T00:00:00-05:00"}, "date.other_form"),
    ({"Close_Price": "$0"}, "price.token"),
    ({"Close_Price": "$100"}, "price.token"),
    ({"Close_Price": "$1,850"}, "price.rent"),
    ({"Close_Price": "$2,950,000"}, "price.close_to_list"),
    ({"Close_Price": "$29,500"}, "price.close_to_list"),
    ({"Close_Price": "$29,500", "List_Price": ""}, "price.close_to_area"),
    ({"List_Price": "$3,000,000"}, "price.list_to_original"),
    ({"Original_List_Price": "$300"}, "price.original_to_list"),
    ({"Close_Price": ""}, "price.missing"),
    ({"Close_Price": "pending"}, "price.unreadable"),
    ({"Close_Price": "USD 295,000"}, "price.currency_code"),
    ({"Building_SqFt": "0"}, "area.not_positive"),
    ({"Building_SqFt": "-1"}, "area.not_positive"),
    ({"Building_SqFt": ""}, "area.missing"),
    ({"Building_SqFt": "large"}, "area.unreadable"),
    ({"Building_SqFt": "8712", "Lot_Size": "2010"}, "area.swapped_with_lot"),
    ({"Building_SqFt": "12"}, "range.living_area"),
    ({"Status": "Pending"}, "status.price_while_open"),
    ({"Status": "Frozen"}, "status.unknown"),
    ({"Property_Type": "Lots", "Building_SqFt": ""}, "scope.not_a_home"),
    ({"Property_Type": "Igloo"}, "type.unknown"),
    ({"Year_Built": "0"}, "range.year_built"),
    ({"Year_Built": "2031"}, "year.in_future"),
    ({"Bedrooms": "33"}, "range.bedrooms_total"),
    ({"Bedrooms": "18", "Building_SqFt": "2010"}, "beds.too_many"),
    ({"Zip_Code": "7744"}, "zip.malformed"),
    ({"Tax_Amount": "Pending"}, "cell.unreadable"),
    ({"Latitude": "-95.7", "Longitude": "29.8"}, "geo.swapped"),
    ({"Latitude": "-44.86", "Longitude": "172.56"}, "geo.far"),
    ({"Latitude": "0", "Longitude": "0"}, "geo.far"),
    ({"Latitude": "33.5"}, "geo.far"),
]


def judged(tmp_path: Path, extra: list[dict[str, str]]) -> dict[str, list[str]]:
    """Rule ids by listing key and record of an export of 60 faultless sales and `extra`."""
    path = write(tmp_path / "x.csv", [sale(number) for number in range(60)] + extra)
    result = ingest_file(path, built_in(), tmp_path / "work")
    found = dict(
        zip(result.quarantine["record_number"], result.quarantine["rule_ids"], strict=True)
    )
    assert result.typed is not None
    staged = pl.read_parquet(result.typed / "*.parquet")
    for number, flags in zip(staged["record_number"], staged["flags"], strict=True):
        if len(flags):
            found.setdefault(number, flags)
    for number, flags in zip(result.late["record_number"], result.late["flags"], strict=True):
        found[number] = [*found.get(number, []), *flags]
    return {str(number): list(ids) for number, ids in found.items()}


@pytest.mark.parametrize(("cells", "rule"), FAULTS)
def test_a_broken_rule_is_found_and_nothing_else_is(
    tmp_path: Path, cells: dict[str, str], rule: str
) -> None:
    found = judged(tmp_path, [sale(1, MLS_Number="77", Address="7 Elsewhere") | _named(cells)])
    assert list(found) == ["61"]
    assert rule in found["61"]


def _named(cells: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", " "): cell for name, cell in cells.items()}


def test_rows_without_fault_break_nothing(tmp_path: Path) -> None:
    assert judged(tmp_path, []) == {}


def test_two_prices_for_one_key_and_time_quarantine_both(tmp_path: Path) -> None:
    found = judged(tmp_path, [sale(5, Close_Price="$312,000")])
    assert found == {"6": ["key.two_prices"], "61": ["key.two_prices"]}


def test_two_prices_at_two_times_are_two_versions(tmp_path: Path) -> None:
    later = "6/16/2021 4:24:59 PM"
    assert judged(tmp_path, [sale(5, Close_Price="$312,000", Last_Change_Timestamp=later)]) == {}


def test_the_same_sale_under_another_key_is_flagged_on_both(tmp_path: Path) -> None:
    found = judged(tmp_path, [sale(5, MLS_Number="99000017")])
    assert found == {"6": ["key.other_key"], "61": ["key.other_key"]}


def test_a_price_out_of_keeping_with_its_area_is_found_without_a_list_price(tmp_path: Path) -> None:
    bare = {
        "List_Price": "",
        "Original_List_Price": "",
        "Price_Sq_Ft_List": "",
        "Price_Sq_Ft_Sold": "",
    }
    found = judged(tmp_path, [sale(1, MLS_Number="77", Close_Price="$2,960,000", **bare)])
    assert found == {"61": ["price.per_area"]}
    half = judged(tmp_path / "half", [sale(1, MLS_Number="77", Close_Price="$148,000", **bare)])
    assert half == {}


def test_every_rule_has_an_id_a_sentence_and_a_severity() -> None:
    every = [*rules.ROW_RULES, *rules.RANGE_RULES, *rules.OTHER_RULES]
    assert len({rule.id for rule in every}) == len(every) == len(rules.RULES)
    for rule in every:
        assert rule.sentence.endswith(".")
        assert rule.severity in ("error", "blank", "warn")
        assert set(rule.blanks) <= set(COLUMN_NAMES)


def test_only_key_date_price_and_living_area_are_errors() -> None:
    kinds = {rule.id.split(".")[0] for rule in rules.RULES.values() if rule.severity == "error"}
    assert kinds == {"key", "date", "price", "area", "record", "range"}
    ranges = {
        rule.id.removeprefix("range.") for rule in rules.RANGE_RULES if rule.severity == "error"
    }
    assert ranges == {
        "list_price",
        "close_price",
        "listing_contract_date",
        "close_date",
        "modification_timestamp",
        "living_area",
    }


def test_the_contract_sees_what_breaks_it(
    tmp_path: Path, take: Callable[..., object], home: Path, table: Callable[[str], pl.DataFrame]
) -> None:
    write(home / "inbox" / "x.csv", [sale(number) for number in range(5)])
    take()
    staged = table("staging.listings")
    assert breaches(staged).height == 0
    wrong = staged.with_columns(
        pl.lit(-5.0).alias("close_price"),
        pl.lit("Sold").alias("standard_status"),
        pl.lit("7744").alias("postal_code"),
        pl.lit(None, dtype=pl.String).alias("listing_key"),
    )
    assert set(breaches(wrong)["column"]) == {
        "close_price",
        "standard_status",
        "postal_code",
        "listing_key",
    }
    assert breaches(staged.rename({"close_price": "price"})).height > 0


def test_few_rows_say_nothing_of_a_market() -> None:
    from realty_assets.ingestion.file_rules import NARROW

    rows = pl.DataFrame(schema=NARROW)
    assert judge_file(rows, None) == ([], [])
