"""Cells of text become values: each kind, its odd forms, and what cannot be read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from realty_assets.ingestion.cells import mapped, to_typed
from realty_assets.ingestion.sources import load_source

HAR = load_source("har_matrix")[0]


def read(heading: str, *cells: str | None) -> tuple[list[Any], list[int], dict[str, list[int]]]:
    """(values, positions of bad cells, positions by remark) of one column."""
    frame = pl.DataFrame({heading: list(cells)}, schema={heading: pl.String})
    reads = [pair for pair in mapped(HAR, (heading,)) if pair[1].kind != "text"]
    typed = to_typed(frame, reads, HAR)
    column = reads[0][1].to
    bad = typed.bad[column].to_list() if column in typed.bad else []
    remarks = {rule: at.to_list() for (_, rule), at in typed.remarks.items()}
    return typed.frame[column].to_list(), bad, remarks


def test_money() -> None:
    cells = ("$440,200", "435000", "$435,000.00", " $1 ", "", " ", None, "2e+006", "-5", "nan", "?")
    values, bad, _ = read("List Price", *cells)
    assert values[:4] == [440_200, 435_000, 435_000, 1]
    assert values[4:7] == [None] * 3
    assert values[7:9] == [2_000_000, -5]
    assert bad == [9, 10]


def test_a_currency_code_is_read_with_a_remark_and_another_currency_is_not() -> None:
    values, bad, remarks = read("Close Price", "USD 251,300", "251,300 USD", "EUR 251,300")
    assert values == [251_300, 251_300, None]
    assert remarks == {"price.currency_code": [0, 1]}
    assert bad == [2]


def test_numbers_and_marks() -> None:
    assert read("Building SqFt", "2,330", "2330.5", "-1", "12 x")[0] == [2330, 2330.5, -1, None]
    assert read("DOM", "127*", "1,234", "3.0", "3.5", "x")[:2] == (
        [127, 1234, 3, None, None],
        [3, 4],
    )


def test_zero_may_stand_for_missing_without_being_bad() -> None:
    assert read("Lot Size", "0", "6,017")[:2] == ([None, 6017], [])


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("7/30/2021 12:00:00 AM", date(2021, 7, 30)),
        ("07/30/2021", date(2021, 7, 30)),
        ("2/29/2020", date(2020, 2, 29)),
    ],
)
def test_dates(cell: str, value: date) -> None:
    assert read("Close Date", cell) == ([value], [], {})


@pytest.mark.parametrize("cell", ["13/45/2021 12:00:00 AM", "2/30/2022", "soon", "2021"])
def test_dates_that_do_not_exist(cell: str) -> None:
    assert read("Close Date", cell)[:2] == ([None], [0])


def test_a_date_in_another_form_is_read_with_a_remark() -> None:
    values, bad, remarks = read("Close Date", "2023-10-05T00:00:00-05:00", "2023-10-06")
    assert values == [date(2023, 10, 5), date(2023, 10, 6)]
    assert (bad, remarks) == ([], {"date.other_form": [0, 1]})


def test_times_are_local_and_become_utc() -> None:
    values, _, _ = read(
        "Last Change Timestamp",
        "7/1/2021 4:24:59 PM",
        "1/1/2021 4:24:59 PM",
        # The hour that clocks skip, and the one that they show twice.
        "3/14/2021 2:30:00 AM",
        "11/7/2021 1:30:00 AM",
        "2023-10-05T00:00:00-05:00",
    )
    assert values == [
        datetime(2021, 7, 1, 21, 24, 59),
        datetime(2021, 1, 1, 22, 24, 59),
        datetime(2021, 3, 14, 8, 30),
        datetime(2021, 11, 7, 6, 30),
        datetime(2023, 10, 5, 5),
    ]


def test_status_words_codes_and_spellings() -> None:
    words = (
        "Sold",
        "OptionPending",
        "PendingContinueToShow",
        "ps",
        "term",
        "WITH",
        "Sold?",
        "Gone",
    )
    values, bad, _ = read("Status", *words)
    assert values == [
        "Closed",
        "Active Under Contract",
        "Active Under Contract",
        "Active Under Contract",
        "Canceled",
        "Withdrawn",
        "Closed",
        None,
    ]
    assert bad == [7]


def test_zip_codes() -> None:
    values, bad, _ = read("Zip Code", "77449", "77447-1234", "774471234", "7744", "ABCDE")
    assert values == ["77449", "77447", "77447", None, None]
    assert bad == [3, 4]


def test_yes_and_no() -> None:
    assert read("Pool Private", "Yes", "no", "Y", "", "Maybe")[:2] == (
        [True, False, True, None, None],
        [4],
    )


def test_a_name_that_a_lookup_does_not_hold_may_be_kept() -> None:
    assert read("State Or Province", "Texas", "TX", "Ohio")[0] == ["TX", "TX", "Ohio"]


def test_of_repeated_headings_the_first_counts() -> None:
    frame = pl.DataFrame({"List Price": ["$1"], "List Price (2)": ["2"]})
    reads = mapped(HAR, tuple(frame.columns))
    assert to_typed(frame, reads, HAR).frame["list_price"].to_list() == [1.0]


def test_a_row_may_say_what_its_area_is_measured_in() -> None:
    reso = load_source("reso_csv")[0]
    cells = pl.DataFrame(
        {
            "LivingArea": ["2000", "200", "200", "7", "1500", None],
            "LivingAreaUnits": ["Square Feet", " SquareMeters", "square meters", "Tatami", "", "?"],
        }
    )
    typed = to_typed(cells, mapped(reso, tuple(cells.columns)), reso)
    found = typed.frame["living_area"].to_list()
    assert found == [2000, pytest.approx(2152.78, abs=0.01), found[1], None, 1500, None]
    assert {name: at.to_list() for name, at in typed.remarks.items()} == {
        ("living_area", "cell.distrusted"): [3]
    }
    alone = cells.select("LivingArea")
    typed = to_typed(alone, mapped(reso, ("LivingArea",)), reso)
    assert typed.frame["living_area"].to_list() == [2000, 200, 200, 7, 1500, None]
