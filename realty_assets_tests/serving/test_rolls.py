"""An assessment roll met with sales: every row ends somewhere, and prices are moved honestly."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.serving import roll_files, rolls

AS_OF = date(2024, 6, 1)


def properties(n: int = 6) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "property_key": [f"home{i}" for i in range(n)],
            "parcel_number": [f"00-{100 + i}-A" for i in range(n)],
            "unparsed_address": [f"{i} Oak St." for i in range(n)],
            "unit_number": [None, "2", *[None] * (n - 2)],
        },
        schema_overrides={"unit_number": pl.String},
    )


def sales(**columns: list) -> pl.DataFrame:
    """One sale of each of home0 to home3, in March 2024, at 100,000."""
    days = columns.get("close_date", [date(2024, 3, 10)] * 4)
    frame = pl.DataFrame(
        {
            "property_key": columns.get("property_key", [f"home{i}" for i in range(len(days))]),
            "listing_key": [f"L{i}" for i in range(len(days))],
            "close_date": days,
            "close_price": [100_000.0] * len(days),
            "known_at": columns.get(
                "known_at",
                [datetime.combine(day, datetime.min.time()) + timedelta(days=1) for day in days],
            ),
            "postal_code": ["77001"] * len(days),
            "mls_area_minor": ["Heights"] * len(days),
            "property_sub_type": ["House"] * len(days),
            "excluded_by": columns.get("excluded_by", [None] * len(days)),
        },
        schema_overrides={"excluded_by": pl.String},
    )
    return frame


def roll(*rows: tuple[str | None, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"row_number": i, "key": key, "value": value} for i, (key, value) in enumerate(rows, 1)],
        schema={"row_number": pl.Int64, "key": pl.String, "value": pl.Float64},
    )


INDEX = pl.DataFrame(
    {
        "vintage": [date(2024, 6, 1)] * 3 + [date(2024, 7, 1)] * 3,
        "month": [date(2024, 3, 1), date(2024, 5, 1), date(2024, 6, 1)] * 2,
        "index_log": [0.0, 0.1, 0.1, 7.0, 8.0, 9.0],
    }
)


def met(*rows: tuple[str | None, float | None], **how) -> pl.DataFrame:
    sold = rolls.sales_for(how.pop("sales", sales()), INDEX, AS_OF, how.pop("months", 12), **how)
    return rolls.meet(rolls.identify(roll(*rows), properties(), sales())[0], sold)


def test_every_row_has_one_status_and_they_add_up() -> None:
    got = met(
        ("00-100-A", 95_000.0),
        ("100a", 1.0),  # the same parcel in other words
        ("101A", 90_000.0),
        ("102-A", None),
        ("103 a", -5.0),
        (None, 1.0),
        ("104A", 80_000.0),
        ("999", 70_000.0),
    )
    assert got["status"].to_list() == [
        rolls.TWICE,
        rolls.TWICE,
        rolls.MATCHED,
        rolls.NO_VALUE,
        rolls.NO_VALUE,
        rolls.NO_KEY,
        rolls.NO_SALE,
        rolls.UNMATCHED,
    ]
    told = rolls.account(got)
    assert sum(told.values()) == len(got)
    assert tuple(told) == rolls.STATUSES


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "", "100A", "101A", "104A", "nowhere", "1 Oak St"]),
            st.sampled_from([None, 0.0, -1.0, float("nan"), float("inf"), 90_000.0]),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(deadline=None, max_examples=40)
def test_whatever_a_roll_holds_its_rows_are_accounted_for(rows) -> None:
    got = met(*rows)
    assert got["row_number"].to_list() == list(range(1, len(rows) + 1))
    assert sum(rolls.account(got).values()) == len(rows)
    assert got.filter(pl.col("status") == rolls.MATCHED)["ratio"].is_finite().all()


def test_prices_are_moved_by_the_index_known_that_day() -> None:
    row = met(("100A", 110_000.0)).row(0, named=True)
    # From 10 March (level 0 before the middle of the first month) to 1 June (level 0.1).
    assert row["adjusted_price"] == pytest.approx(100_000 * np.exp(0.1))
    assert row["ratio"] == pytest.approx(1.1 / np.exp(0.1))
    assert (row["class"], row["neighbourhood"]) == ("House", "77001")
    by_area = met(("100A", 1.0), neighbourhood="mls_area_minor")
    assert by_area["neighbourhood"].to_list() == ["Heights"]


def test_only_sales_known_before_the_day_and_within_the_window_count() -> None:
    days = [date(2024, 5, 31), date(2024, 6, 1), date(2023, 6, 1), date(2023, 5, 31)]
    found = met(
        ("100A", 1.0), ("101A", 1.0), ("102A", 1.0), ("103A", 1.0), sales=sales(close_date=days)
    )
    assert found["status"].to_list() == [rolls.MATCHED, rolls.NO_SALE, rolls.MATCHED, rolls.NO_SALE]
    late = sales(known_at=[datetime(2024, 6, 1, 1)] * 4)
    assert met(("100A", 1.0), sales=late)["status"].to_list() == [rolls.NO_SALE]


def test_of_several_sales_the_latest_valid_one_counts() -> None:
    several = sales(
        property_key=["home0"] * 3,
        close_date=[date(2024, 1, 5), date(2024, 3, 5), date(2024, 5, 5)],
        excluded_by=[None, None, "sale.token_price"],
    )
    row = met(("100A", 1.0), sales=several).row(0, named=True)
    assert row["close_date"] == date(2024, 3, 5)
    only = several.filter(pl.col("excluded_by").is_not_null())
    assert met(("100A", 1.0), sales=only)["status"].to_list() == [rolls.EXCLUDED]


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        (["home1", "home2"], "property_key"),
        (["L1", "l2"], "listing_key"),
        (["1 oak st #2", "2 OAK ST"], "address"),
        (["101A", "102A"], "parcel_number"),
    ],
)
def test_homes_are_found_by_whatever_key_fits(keys, kind) -> None:
    found, said = rolls.identify(roll(*((k, 1.0) for k in keys)), properties(), sales())
    assert said == kind
    assert found["property_key"].to_list() == ["home1", "home2"]


def test_a_key_that_fits_two_homes_is_refused() -> None:
    twins = properties().with_columns(parcel_number=pl.lit("7"))
    found, _ = rolls.identify(roll(("7", 1.0)), twins, sales())
    assert found["status"].to_list() == [rolls.AMBIGUOUS]


def test_csv_and_xlsx_are_read_alike(tmp_path: Path) -> None:
    table = [["Parcel ID", "Total Value"], ["0012", "$95,000"], [13, 90000.0], [None, "n/a"]]
    csv, xlsx = tmp_path / "r.csv", tmp_path / "r.xlsx"
    csv.write_text('﻿Parcel ID,Total Value\n0012,"$95,000"\n13,90000\n,n/a\n', encoding="utf-8")
    book = openpyxl.Workbook()
    for line in table:
        book.worksheets[0].append(line)
    book.save(xlsx)
    one, other = roll_files.read_roll(csv), roll_files.read_roll(xlsx)
    assert one.equals(other)
    assert one.rows() == [(1, "0012", 95_000.0), (2, "13", 90_000.0), (3, None, None)]


@pytest.mark.parametrize(
    "data",
    [
        "Parcel ID,Total Value\n12,95000\n\n,\n13,90000\n,\n".encode("utf-16"),
        b"Parcel ID;Total Value\r\n12;$95,000\r\n\r\n;\r\n13;90000;extra\r\n;\r\n",
        b"Roll of 2024\n\nParcel ID,Total Value\n12,95000\n\n,\n13,90000\n",
    ],
)
def test_a_roll_in_another_form_is_the_same_roll_and_blank_rows_are_none(
    tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "roll.csv"
    path.write_bytes(data)
    assert roll_files.read_roll(path).rows() == [(1, "12", 95_000.0), (4, "13", 90_000.0)]


def test_of_two_columns_of_one_name_none_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "roll.csv"
    path.write_text("parcel,value,Value\n1,2,3\n")
    with pytest.raises(roll_files.BadRoll, match="two columns of one name: parcel, value, Value"):
        roll_files.read_roll(path)


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("a,b\n1,2\n", {}, r"plainly the key: name it with --key-column; it has: a, b"),
        ("parcel,b\n1,2\n", {}, r"plainly the value: name it with --value-column; it has: parcel"),
        ("parcel,b\n1,2\n", {"value_column": "c"}, r"no column 'c' \(--value-column\); it has:"),
        ("parcel,value\n", {}, "headings and no rows"),
    ],
)
def test_a_roll_that_cannot_be_read_names_the_columns_that_are_there(
    tmp_path, text, options, says
) -> None:
    path = tmp_path / "roll.csv"
    path.write_text(text)
    with pytest.raises(roll_files.BadRoll, match=says):
        roll_files.read_roll(path, **options)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "roll.xlsx"
    broken.write_bytes(b"no workbook")
    for path, says in (
        (tmp_path / "none.csv", "no file"),
        (broken, "cannot be read as an Excel workbook"),
    ):
        with pytest.raises(roll_files.BadRoll, match=says):
            roll_files.read_roll(path)
    (tmp_path / "roll.pdf").write_bytes(b"%PDF")
    with pytest.raises(roll_files.BadRoll, match=r"neither \.csv nor \.xlsx"):
        roll_files.read_roll(tmp_path / "roll.pdf")
    with pytest.raises(roll_files.BadRoll, match="must be a file that ends in"):
        roll_files.check_out(tmp_path / "study.doc")
