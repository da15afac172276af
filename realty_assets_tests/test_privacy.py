"""Names of owners and agents, remarks and the like never leave raw: planted, run, and looked for.

Every private heading of the exports of the shared market holds an unmistakable value in every row;
everything that the whole graph leaves behind is searched for those values, but for what holds
deliveries as they came: raw, the raw text of quarantine, and the files themselves.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from realty_assets.fingerprint import LEFT_OUT, all_tables
from realty_assets.ingestion.sources import plain
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market, realty_here
from realty_assets_tests.private_marks import MARK, private_headings

pytestmark = pytest.mark.slow
# Deliveries as they came; each of these folders holds nothing else.
AS_THEY_CAME = ("archive", "raw", "inbox")
# Columns of a warehouse table that hold a row as it came.
RAW_CELLS = {"staging.quarantine": {"raw_text"}}


@pytest.fixture(scope="module")
def planted(market: Market, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """(a home that took marked exports in, and two it could not use, all that was printed)."""
    base = tmp_path_factory.mktemp("privacy")
    home = base / "home"
    shutil.copytree(market.home, home)
    export = min(market.exports.glob("*.csv"))
    text = export.read_text(encoding="utf-8-sig")
    # One that is refused as a whole, as no price of it can be read; and a row that is broken.
    (base / "refused.csv").write_text(text.replace("$", "$x"), encoding="utf-8")
    (base / "broken.csv").write_text(f"{text}{MARK} broken row,x\r\n", encoding="utf-8")
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    held = warehouse.read("staging.quarantine")["listing_key"].drop_nulls().min()
    printed = [
        realty_here(home, *words, check=False)
        for words in (
            ("ingest", base / "refused.csv", "--source", "har"),
            ("ingest", base / "broken.csv", "--source", "har"),
            ("run", "publishing"),
            ("value", held),
            ("status", "--json"),
            ("sources", "list"),
            ("sources", "propose", export),
        )
    ]
    return home, "\n".join(one.stdout + one.stderr for one in printed)


def files_with_mark(folder: Path) -> list[str]:
    """Files whose bytes hold the mark, in whatever case and in UTF-8 or UTF-16."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes().lower()
            if any(MARK.lower().encode(code) in data for code in ("utf-8", "utf-16-le")):
                found.append(str(path.relative_to(folder)))
    return found


def columns_with_mark(warehouse: Warehouse, table: str) -> set[str]:
    with warehouse.connect() as conn:
        names = [row[0] for row in conn.execute(f"DESCRIBE {table}").fetchall()]
        counts = ", ".join(
            f"count(*) FILTER (WHERE contains(lower(\"{name}\"::VARCHAR), '{MARK.lower()}'))"
            for name in names
        )
        row = conn.execute(f"SELECT {counts} FROM {table}").fetchall()[0]
    return {name for name, n in zip(names, row, strict=True) if n}


def test_what_was_planted_is_in_raw_and_in_quarantine(planted: tuple[Path, str]) -> None:
    home, _ = planted
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    found = {plain(name) for name in columns_with_mark(warehouse, "raw.listings")}
    assert found >= set(private_headings())
    assert columns_with_mark(warehouse, "staging.quarantine") == {"raw_text"}
    # The search finds what is there.
    assert files_with_mark(home / "archive")
    statuses = warehouse.read("ledger.files")["status"].unique()
    assert set(statuses) >= {"staged", "refused"}


def test_no_table_but_raw_has_it(planted: tuple[Path, str]) -> None:
    warehouse = Warehouse.at(planted[0] / "warehouse.duckdb")
    with warehouse.connect() as conn:
        tables = [*all_tables(conn), *LEFT_OUT]
    assert len(tables) > 20
    for table in tables:
        if not table.startswith("raw."):
            found = columns_with_mark(warehouse, table) - RAW_CELLS.get(table, set())
            assert found == set(), table


def test_no_file_of_the_home_has_it(planted: tuple[Path, str]) -> None:
    home, _ = planted
    folders = {path.name for path in home.iterdir() if path.is_dir()}
    assert folders >= {"dagster", "mlflow", "reports", "publish", *AS_THEY_CAME}
    found = []
    for path in sorted(home.iterdir()):
        if path.is_dir() and path.name not in AS_THEY_CAME:
            found += [f"{path.name}/{name}" for name in files_with_mark(path)]
    # A refused file is put aside as it came; the note beside it is ours.
    assert found == ["refused/refused.csv"]


def test_no_published_parquet_has_it(planted: tuple[Path, str]) -> None:
    parts = sorted((planted[0] / "publish").glob("*.parquet"))
    assert len(parts) == 2
    for part in parts:
        frame = pl.read_parquet(part)
        assert not {plain(name) for name in frame.columns} & set(private_headings())
        texts = frame.select(pl.all().cast(pl.String, strict=False))
        assert MARK.lower() not in texts.write_csv().lower()


def test_nothing_that_was_printed_has_it(planted: tuple[Path, str]) -> None:
    printed = planted[1]
    assert "refused.csv" in printed
    assert MARK.lower() not in printed.lower()
