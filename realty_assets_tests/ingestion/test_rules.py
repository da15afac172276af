"""Every rule: a row that breaks it is found, a row without fault is left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from realty_assets.ingestion import rules
from realty_assets.ingestion.contract import COLUMN_NAMES, PARCEL_COLUMN_NAMES, breaches
from realty_assets.ingestion.file_rules import judge_file
from realty_assets.ingestion.files import ingest_file
from realty_assets.ingestion.judging import judge
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
        assert set(rule.blanks) <= {*COLUMN_NAMES, *PARCEL_COLUMN_NAMES}


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


# What the contract must cover at least, and the rules that do.
COVERED = {
    "price against the neighbourhood": ["price.per_area", "price.close_to_list"],
    "size against the neighbourhood": ["price.per_area", "area.swapped_with_lot"],
    "close before list": ["date.close_before_list"],
    "future dates": [
        *["date.close_in_future", "date.list_in_future"],
        *["date.close_far_ahead", "date.changed_far_ahead"],
    ],
    "year built": ["range.year_built", "year.in_future", "year.renovated_before_built"],
    "zero or negative measures": ["area.not_positive", "range.living_area", "range.bedrooms_total"],
    "outside the market": ["geo.far"],
    "swapped latitude and longitude": ["geo.swapped"],
    "impossible status transitions": ["status.transition"],
    "two prices at one time": ["key.two_prices"],
    "enumerations": ["enum.property_type", "enum.standard_status", "status.unknown"],
    "kinds that are not valued": ["scope.not_a_home"],
}


@pytest.mark.parametrize("what", COVERED)
def test_the_contract_covers_what_it_must(what: str) -> None:
    assert set(COVERED[what]) <= set(rules.RULES)


@pytest.mark.parametrize(
    ("price", "size"), [("$5,900,000", "2000"), ("$59,000", "2000"), ("$590,000", "20000")]
)
def test_a_digit_too_many_or_too_few_is_found_by_its_neighbourhood(
    tmp_path: Path, price: str, size: str
) -> None:
    empty = ["List_Price", "Original_List_Price", "Price_Sq_Ft_List", "Price_Sq_Ft_Sold"]
    others = [
        sale(n, MLS_Number=str(500 + n), Area="88", Close_Price="$590,000", Building_SqFt=area,
             Address=f"{n} Oak Lane", **dict.fromkeys(empty, ""))
        for n, area in enumerate(["1900", "2000", "2100"] * 12)
    ]  # fmt: skip
    wrong = sale(
        1, MLS_Number="77", Area="88", Close_Price=price, Building_SqFt=size, Address="7 Oak Lane",
        **dict.fromkeys(empty, ""),
    )  # fmt: skip
    assert judged(tmp_path, [*others, wrong]) == {"97": ["price.per_area"]}


def test_words_that_the_contract_does_not_know_are_emptied_and_flagged() -> None:
    frame = pl.DataFrame({"property_type": ["Residential", "Castle", None], "listing_key": "1"})
    emptied, found = judge(frame.with_columns(standard_status=pl.lit("Closed")))
    assert emptied["property_type"].to_list() == ["Residential", None, None]
    assert [(rule, at.to_list()) for rule, at in found if rule.startswith("enum")] == [
        ("enum.property_type", [1])
    ]


def test_few_rows_say_nothing_of_a_market() -> None:
    from realty_assets.ingestion.file_rules import NARROW

    rows = pl.DataFrame(schema=NARROW)
    assert judge_file(rows, None) == ([], [])
