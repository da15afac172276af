"""Names of owners and agents, remarks and the like never leave raw: planted, run, and looked for.

Every private heading of the exports of a small market gets an unmistakable value in every row;
then the whole graph runs, and everything that it leaves behind is searched for those values, but
for what holds deliveries as they came: raw, the raw text of quarantine, and the files themselves.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest

from realty_assets.fingerprint import LEFT_OUT, all_tables
from realty_assets.ingestion.sources import load_source, plain
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import make_sample, once, realty

pytestmark = pytest.mark.slow
MARK = "Qzxprivate"
# Deliveries as they came; each of these folders holds nothing else.
AS_THEY_CAME = ("archive", "raw", "inbox")
# Columns of a warehouse table that hold a row as it came.
RAW_CELLS = {"staging.quarantine": {"raw_text"}}


def private_headings() -> list[str]:
    return sorted({plain(name) for source in load_source("har") for name in source.private})


def plant(path: Path) -> None:
    """Fills every private cell of an export with the mark and its heading; adds a broken row."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    records = list(csv.reader(io.StringIO(text, newline="")))
    heads = [plain(cell.removeprefix("\ufeff")) for cell in records[0]]
    private = [at for at, name in enumerate(heads) if name in private_headings()]
    assert len(private) >= 8, path.name
    for number, record in enumerate(records[1:]):
        if len(record) == len(heads):
            for at in private:
                record[at] = f"{MARK} {heads[at]} {number}"
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([*records, [f"{MARK} broken row", "x"]])
    path.write_bytes(out.getvalue().encode("utf-8", "surrogateescape"))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """(a home that took planted exports in and made everything of them, all that was printed)."""
    base = tmp_path_factory.mktemp("privacy")
    sample = once(base / "sample", make_sample)
    exports = sorted((sample / "exports").glob("*.csv"))
    for path in exports:
        plant(path)
    # One that is refused as a whole: no price of it can be read.
    refused = sample / "refused.csv"
    text = exports[0].read_text(encoding="utf-8-sig").replace('"$', '"$x')
    refused.write_text(text, encoding="utf-8")
    home = base / "home"
    made = [
        realty(home, "ingest", sample / "exports", "--source", "har"),
        realty(home, "ingest", refused, "--source", "har", check=False),
        realty(home, "run", "all"),
    ]
    with Warehouse.at(home / "warehouse.duckdb").connect() as conn:
        held = conn.execute("SELECT min(listing_key) FROM staging.quarantine").fetchall()[0][0]
    printed = [
        *made,
        realty(home, "value", held, check=False),
        realty(home, "status", "--json"),
        realty(home, "sources", "list"),
        realty(home, "sources", "propose", exports[0]),
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
