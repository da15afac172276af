"""The warehouse: atomic writes, locks that are let go, clear errors, fingerprints."""

from __future__ import annotations

import multiprocessing as mp
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realty_assets.faces import built
from realty_assets.fingerprint import fingerprint_home, table_fingerprint
from realty_assets.statements import SqlFile
from realty_assets.warehouse import (
    Changes,
    Warehouse,
    WarehouseError,
    WarehouseMissing,
)
from realty_assets.warehouse_file import IDLE_S, WarehouseBusy, keep, stop_keeping


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse.at(tmp_path / "warehouse.duckdb")


def test_replace_reports_rows_columns_and_a_preview(warehouse: Warehouse) -> None:
    report = warehouse.replace("clean.things", pl.DataFrame({"a": [1, 2], "b": ["x|y", None]}))
    assert report.n_rows == 2
    assert report.columns == (("a", "BIGINT"), ("b", "VARCHAR"))
    assert "x\\|y" in report.preview


def test_append_matches_columns_by_name_not_by_place(warehouse: Warehouse) -> None:
    warehouse.append("a.t", pl.DataFrame({"low": [1], "high": [9]}))
    warehouse.append("a.t", pl.DataFrame({"high": [8], "low": [2]}))
    assert warehouse.read("a.t").sort("low").rows() == [(1, 9), (2, 8)]


def test_the_columns_that_are_named_are_read_and_no_others(warehouse: Warehouse) -> None:
    warehouse.replace("a.t", pl.DataFrame({"low": [1], "order": [2], "high": [9]}))
    assert warehouse.read("a.t", columns=["high", "order"]).to_dicts() == [{"high": 9, "order": 2}]
    doubled = SqlFile("t", "SELECT low, $times * high AS more FROM a.t").bind(times=2)
    with warehouse.transaction() as tx:
        assert tx.read(doubled, columns=["more"]).to_dicts() == [{"more": 18}]
    with pytest.raises(duckdb.BinderException, match="other"):
        warehouse.read("a.t", columns=["other"])


def test_parameters_of_a_sql_file_are_bound(warehouse: Warehouse) -> None:
    hostile = "x'; DROP TABLE a.t; --"
    warehouse.replace("a.t", SqlFile("t", "SELECT $word AS word").bind(word=hostile))
    assert warehouse.read("a.t")["word"].to_list() == [hostile]


def test_an_empty_frame_makes_an_empty_table(warehouse: Warehouse) -> None:
    empty = pl.DataFrame(schema={"a": pl.Int64, "b": pl.List(pl.String)})
    assert warehouse.replace("a.t", empty).n_rows == 0
    assert warehouse.read("a.t").schema == empty.schema


def test_a_failed_transaction_leaves_every_table_as_it_was(warehouse: Warehouse) -> None:
    warehouse.replace("a.t", pl.DataFrame({"x": [1]}))
    with pytest.raises(duckdb.Error), warehouse.transaction() as tx:
        tx.replace("a.t", pl.DataFrame({"x": [2, 3]}))
        tx.append("a.new", pl.DataFrame({"y": [1]}))
        tx.append("a.t", pl.DataFrame({"unknown_column": [1]}))
    assert warehouse.read("a.t")["x"].to_list() == [1]
    assert not warehouse.exists("a.new")


def test_the_lock_is_let_go_when_the_body_raises(warehouse: Warehouse) -> None:
    with pytest.raises(ZeroDivisionError), warehouse.get_connection():
        raise ZeroDivisionError
    assert opens_elsewhere(warehouse.path)


def test_only_schema_dot_name_is_a_table(warehouse: Warehouse) -> None:
    for name in ("t", "a.b.c", "a.t; DROP", "A.t", ""):
        with pytest.raises(ValueError, match=r"schema\.name"):
            warehouse.replace(name, pl.DataFrame({"x": [1]}))


def test_reading_what_is_not_there_says_so(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseMissing, match=r"no table a\.t"):
        warehouse.read("a.t")


def test_a_file_that_is_no_warehouse_is_named(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_bytes(b"not a database" * 400)
    with pytest.raises(WarehouseError, match=r"warehouse\.duckdb"):
        Warehouse.at(path).read("a.t")


def _hold(path: str, ready: mp.synchronize.Event) -> None:
    conn = duckdb.connect(path)
    ready.set()
    time.sleep(60)
    conn.close()


def test_a_second_process_holding_the_file_is_named(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.replace("a.t", pl.DataFrame({"x": [1]}))
    monkeypatch.setenv("REALTY_LOCK_TIMEOUT_S", "0.3")
    context = mp.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=_hold, args=(str(warehouse.path), ready))
    holder.start()
    try:
        assert ready.wait(30)
        with pytest.raises(WarehouseBusy, match=rf"process {holder.pid}.*try again"):
            warehouse.read("a.t")
    finally:
        holder.kill()
        holder.join()
    assert warehouse.read("a.t").height == 1


def opens_elsewhere(path: Path) -> bool:
    """Whether another process can open the file at this moment."""
    code = f"import duckdb; duckdb.connect({str(path)!r}).execute('SELECT 1')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    return done.returncode == 0


def test_a_kept_file_is_let_go_when_nobody_asks_and_at_the_end(warehouse: Warehouse) -> None:
    keep(warehouse.path)
    keep(warehouse.path)
    try:
        warehouse.replace("a.t", pl.DataFrame({"x": [1]}))
        with warehouse.connect() as conn:
            assert not opens_elsewhere(warehouse.path)
            assert conn.execute("SELECT x FROM a.t").fetchall() == [(1,)]
        time.sleep(3 * IDLE_S)
        assert opens_elsewhere(warehouse.path)
        assert warehouse.read("a.t")["x"].to_list() == [1]
        stop_keeping(warehouse.path)
        assert warehouse.exists("a.t")
    finally:
        stop_keeping(warehouse.path)
    assert opens_elsewhere(warehouse.path)
    assert not warehouse.path.with_suffix(".duckdb.wal").exists()


def test_another_file_at_the_place_of_a_kept_one_is_seen(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    other = Warehouse.at(tmp_path / "other.duckdb")
    other.replace("a.t", pl.DataFrame({"x": [2]}))
    keep(warehouse.path)
    try:
        warehouse.replace("a.t", pl.DataFrame({"x": [1]}))
        other.path.replace(warehouse.path)
        assert warehouse.read("a.t")["x"].to_list() == [2]
    finally:
        stop_keeping(warehouse.path)


def test_after_an_error_a_kept_file_is_opened_anew_and_nothing_of_it_stays(
    warehouse: Warehouse,
) -> None:
    warehouse.replace("a.t", pl.DataFrame({"x": [1]}))
    keep(warehouse.path)
    try:
        with pytest.raises(ZeroDivisionError), warehouse.transaction() as tx:
            tx.replace("a.t", pl.DataFrame({"x": [2]}))
            raise ZeroDivisionError
        assert opens_elsewhere(warehouse.path)
        assert warehouse.read("a.t")["x"].to_list() == [1]
    finally:
        stop_keeping(warehouse.path)


def test_threads_share_a_kept_file(warehouse: Warehouse) -> None:
    warehouse.replace("a.t", pl.DataFrame({"x": [0]}))
    keep(warehouse.path)
    try:
        with ThreadPoolExecutor(8) as pool:
            read = list(pool.map(lambda _: warehouse.read("a.t")["x"][0], range(200)))
            assert read == [0] * 200
    finally:
        stop_keeping(warehouse.path)
    assert opens_elsewhere(warehouse.path)


cells = st.one_of(st.none(), st.text(max_size=8))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.tuples(cells, cells, st.floats(allow_nan=False)), max_size=8), data=st.data()
)
def test_a_fingerprint_sees_every_cell_and_no_order(rows: list, data: st.DataObject) -> None:
    def hashed(some: list) -> tuple[int, str]:
        schema = {"a": pl.String, "b": pl.String, "c": pl.Float64}
        frame = pl.DataFrame(some, schema=schema, orient="row")
        with duckdb.connect() as conn:
            conn.execute("CREATE SCHEMA s")
            conn.register("frame", frame.to_arrow())
            conn.execute("CREATE TABLE s.t AS SELECT * FROM frame")
            return table_fingerprint(conn, "s.t")

    rows = [tuple(None if isinstance(v, str) and "\x00" in v else v for v in row) for row in rows]
    shuffled = data.draw(st.permutations(rows))
    assert hashed(rows) == hashed(shuffled)
    if rows:
        changed = [("changed cell", *rows[0][1:]), *rows[1:]]
        assert hashed(rows)[1] != hashed(changed)[1]
        swapped = [(rows[0][1], rows[0][0], rows[0][2]), *rows[1:]]
        if rows[0][0] != rows[0][1]:
            assert hashed(rows)[1] != hashed(swapped)[1]
        assert hashed([*rows, rows[0]]) != hashed(rows)


def test_volatile_columns_are_left_out(tmp_path: Path) -> None:
    prints = []
    for n, moment in enumerate(("2020-01-01", "2024-06-01")):
        warehouse = Warehouse.at(tmp_path / f"{n}.duckdb")
        frame = pl.DataFrame({"file_hash": ["f"], "arrived_at": [moment], "rows_read": [3]})
        warehouse.replace("ledger.files", frame)
        prints.append(fingerprint_home(warehouse, ["ledger.files"]))
    assert prints[0] == prints[1]


def test_a_home_that_cannot_be_made_is_said_plainly(tmp_path: Path) -> None:
    # A file in the place of the folder stops root too, whom permissions do not.
    (tmp_path / "home").write_text("")
    with pytest.raises(WarehouseError, match="cannot be made"):
        Warehouse.at(tmp_path / "home" / "warehouse.duckdb").replace(
            "a.t", pl.DataFrame({"x": [1]})
        )


def test_changes_of_a_table_that_moved_meanwhile_are_refused(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path / "warehouse.duckdb")

    def made(rows: pl.DataFrame, version: str) -> None:
        built(warehouse, "a.t", inputs=[], code_version=version, compute=lambda: rows)

    made(pl.DataFrame({"k": ["x", "y"], "v": [1, 2]}), "1")

    def late() -> Changes:
        made(pl.DataFrame({"k": ["x", "z"], "v": [1, 3]}), "2")
        return Changes("k", pl.Series(["y"]), pl.DataFrame({"v": [4], "k": ["w"]}))

    with pytest.raises(WarehouseBusy, match="changed by another process"):
        built(warehouse, "a.t", inputs=[], code_version="3", compute=late)
    assert sorted(warehouse.read("a.t").rows()) == [("x", 1), ("z", 3)]
    fitting = Changes("k", pl.Series(["z"]), pl.DataFrame({"v": [4], "k": ["w"]}))
    built(warehouse, "a.t", inputs=[], code_version="3", compute=lambda: fitting)
    assert sorted(warehouse.read("a.t").rows()) == [("w", 4), ("x", 1)]
