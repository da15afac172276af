"""What a user's mapping may state: units, currency, months, bare files, deletions, encodings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from realty_assets.cleaning.making import STEPS
from realty_assets.ingestion.inbox import deposit
from realty_assets.ingestion.intake import Taken
from realty_assets.ingestion.sources import SourceError, read_mapping
from realty_assets.warehouse import Warehouse

MAPPING = """
name: lisboa
version: 1
delivery: history
time_zone: Europe/Lisbon
headings: [ref, morada, preco, area, terreno, mes, estado, accao]
encoding: cp437
currency: EUR
usd_rate: 1.25
known_at:
  - {end_of_day: close_date}
  - {file: latest_date}
  - {file: arrival}
fixed: {property_type: Residential}
columns:
  ref: {to: listing_key}
  morada: {to: unparsed_address}
  preco: {to: close_price, as: money}
  area: {to: living_area, as: number, unit: square_metres}
  terreno: {to: lot_size_square_feet, as: number, unit: hectares}
  mes: {to: close_date, as: month, formats: ["%m/%Y"]}
  estado: {to: standard_status, as: lookup, values: {vendido: Closed, activo: Active}}
  accao: {to: _record_status, as: lookup, values: {N: new, C: corrected, D: deleted}}
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_metric_units_currency_months_and_a_file_without_headings(
    home: Path, tmp_path: Path, take: Callable[..., Taken], table: Callable[[str], pl.DataFrame]
) -> None:
    mapping = written(tmp_path / "lisboa.yaml", MAPPING)
    lines = "a1;Rua da Sé 1;400000;100;0.05;02/2020;vendido;N\r\n"
    lines += "a2;Rua Nova 2;EUR 200,000;50;0.01;03/2020;vendido;N\r\n"
    (tmp_path / "x.csv").write_bytes(lines.encode("cp437"))
    deposit(tmp_path / "x.csv", home, mapping)
    (row,) = take().rows
    assert (row.rows_read, row.rows_staged, row.encoding) == (2, 2, "cp437")
    first, second = table("staging.listings").sort("listing_key").to_dicts()
    assert first["unparsed_address"] == "Rua da Sé 1"
    assert (first["close_price"], second["close_price"]) == (500_000.0, 250_000.0)
    assert first["living_area"] == pytest.approx(1_076.391, abs=0.001)
    assert first["lot_size_square_feet"] == pytest.approx(5_381.96, abs=0.01)
    assert str(first["close_date"]) == "2020-02-29"
    # The end of the month's last day, Lisbon time; in raw everything stands as it came.
    assert str(first["known_at"]) == "2020-03-01 00:00:00"
    assert table("raw.listings")["preco"].sort().to_list() == ["400000", "EUR 200,000"]


def test_without_its_name_a_file_without_headings_is_not_recognised(
    home: Path, tmp_path: Path, take: Callable[..., Taken]
) -> None:
    (home / "sources").mkdir(parents=True, exist_ok=True)
    written(home / "sources/lisboa.yaml", MAPPING)
    written(tmp_path / "x.csv", "a1;Rua 1;400000;100;0.05;02/2020;vendido;N\n")
    deposit(tmp_path / "x.csv", home)
    (row,) = take().rows
    assert row.status == "refused"


def test_a_deletion_ends_the_listing_and_a_correction_is_a_newer_version(
    home: Path, tmp_path: Path, take: Callable[..., Taken], warehouse: Warehouse
) -> None:
    text = (
        MAPPING.replace(
            'mes: {to: close_date, as: month, formats: ["%m/%Y"]}',
            ('mes: {to: modification_timestamp, as: timestamp, formats: ["%Y-%m-%d"]}'),
        )
        .replace("{end_of_day: close_date}", "{column: modification_timestamp}")
        .replace("preco: {to: close_price", "preco: {to: list_price")
    )
    mapping = written(tmp_path / "lisboa.yaml", text)
    days = {
        "1.csv": (
            "a1;Rua 1;400000;100;;2020-01-05;activo;N\na2;Rua 2;300000;90;;2020-01-05;activo;N\n"
        ),
        "2.csv": "a1;;;;;2020-02-05;;D\na2;Rua 2;330000;90;;2020-02-05;activo;C\n",
    }
    for name, lines in days.items():
        deposit(written(tmp_path / name, lines), home, mapping)
        (row,) = take().rows
        assert (row.rows_staged, row.rows_quarantined) == (2, 0)
    with warehouse.transaction() as tx:
        for name in ("addresses", "property_links", "listing_versions", "listings"):
            tx.replace(f"clean.{name}", STEPS[name](tx))
        found = tx.conn.execute(
            "SELECT listing_key, standard_status, list_price FROM clean.listings ORDER BY ALL"
        ).fetchall()
    assert found == [("a1", "Delete", None), ("a2", "Active", 412_500.0)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("usd_rate: 1.25\n", "", "state the usd_rate of EUR"),
        ("usd_rate: 1.25", "usd_rate: -1", "line 9, field usd_rate"),
        ("unit: hectares", "unit: morgen", "line 20, field columns.terreno.0.unit"),
        ("preco: {to: close_price, as: money}", "x: {to: close_price}", "not among the headings"),
        ("D: deleted", "D: gone", "_record_status is a lookup to new, corrected, deleted"),
        ("encoding: cp437", "encoding: klingon", "line 7, field encoding"),
        ('as: month, formats: ["%m/%Y"]', "as: month", "a month needs its formats"),
    ],
)
def test_errors_name_line_and_field(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in MAPPING
    path = written(tmp_path / "bad.yaml", MAPPING.replace(old, new))
    with pytest.raises(SourceError) as error:
        read_mapping(path)
    assert said in str(error.value)
