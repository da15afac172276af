"""The warehouse: it opens, holds the tables of the graph, and each table what was written down."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise

import duckdb
import psutil

from realty_assets.faces import BUILDS
from realty_assets.features.incremental import BASIS
from realty_assets.features.tracks import MATRICES
from realty_assets.fingerprint import all_tables, table_fingerprint
from realty_assets.ingestion.ledger import TABLES, table_hashes
from realty_assets.operations.doctor.finding import RESTORE, Finding, Patient
from realty_assets.up_to_date import FULL_RUNS
from realty_assets.warehouse import Tx
from realty_assets.warehouse_file import WarehouseBusy, WarehouseError, connection

SAMPLE = 8
# Tables that are known by the hashes that their rows bring along.
NAMED_BY = {table: [BASIS] for table in (*MATRICES.values(), "features.comparables")}


def opens(patient: Patient) -> Iterator[Finding]:
    """The warehouse can be opened, and nobody keeps it."""
    path = patient.warehouse.path
    if not path.exists():
        if patient.home.is_dir():
            yield Finding("nothing was ingested yet", "`realty ingest FILE`", "note")
        return
    try:
        with connection(path, patient.lock_timeout_s) as conn:
            conn.execute("SELECT 1").fetchall()
    except WarehouseBusy as error:
        yield Finding(
            f"{error} {_who(str(error))}".strip(),
            "wait until that process is done or stop it, then ask again",
        )
    except (WarehouseError, duckdb.Error) as error:
        yield Finding(
            f"the warehouse cannot be opened: {' '.join(str(error).split())[:300]}",
            RESTORE,
        )


def _who(said: str) -> str:
    """The command line of the process that an error names."""
    words = said.replace(";", " ").split()
    for word, number in pairwise(words):
        if word == "process" and number.isdigit() and psutil.pid_exists(int(number)):
            try:
                return f"It is: {' '.join(psutil.Process(int(number)).cmdline())[:200]}"
            except psutil.Error:
                return ""
    return ""


def missing(patient: Patient) -> Iterator[Finding]:
    """Every table that was made is there; and after a full run, every table of the graph."""
    with patient.warehouse.connect() as conn:
        tx, there = Tx(conn), set(all_tables(conn))
        there |= {table for table in patient.tables if tx.exists(table)}
        built = set(tx.read(BUILDS)["table_name"]) if tx.exists(BUILDS) else set()
        full = tx.exists(FULL_RUNS) and not tx.read(FULL_RUNS).is_empty()
    gone = sorted((built | (set(patient.tables) if full else set())) - there)
    for table in gone:
        yield Finding(f"the table {table} is not in the warehouse", _again(patient, table, True))
    waiting = sorted(set(patient.tables) - there - set(gone))
    if waiting and not full:
        yield Finding(
            f"{len(waiting)} tables have not been made yet ({', '.join(waiting[:3])}, ...)",
            "`realty run all`",
            "note",
        )


def builds(patient: Patient) -> Iterator[Finding]:
    """Tables hold what ledger.builds says: rows of all of them, contents of a sample, or of all
    with `deep`."""
    with patient.warehouse.connect() as conn:
        tx = Tx(conn)
        if not tx.exists(BUILDS):
            return
        rows = tx.read(BUILDS).sort("table_name").to_dicts()
        rows = [row for row in rows if tx.exists(row["table_name"])]
        ingested = table_hashes(tx) if all(tx.exists(table) for table in TABLES) else {}
        looked = {row["table_name"] for row in rows} if patient.deep else _sample(rows)
        for row in rows:
            table = row["table_name"]
            try:
                n_rows = conn.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
                found = ingested.get(table)
                if found is None and table in looked:
                    _, found = table_fingerprint(conn, table, NAMED_BY.get(table, ()))
            except duckdb.Error as error:
                yield Finding(
                    f"{table} cannot be read: {' '.join(str(error).split())[:200]}",
                    _again(patient, table),
                )
                continue
            if n_rows != row["n_rows"]:
                yield Finding(
                    f"{table} has {n_rows:,} rows, and ledger.builds says {row['n_rows']:,}",
                    _again(patient, table),
                )
            elif found is not None and found != row["output_hash"]:
                yield Finding(
                    f"{table} does not hold what ledger.builds says: it was changed from outside",
                    _again(patient, table),
                )


def _sample(rows: list[dict]) -> set[str]:
    """Other tables whenever something was made since."""
    seed = max((str(row["built_at"]) for row in rows), default="")
    ranked = sorted(
        (row["table_name"] for row in rows),
        key=lambda table: hashlib.sha256((seed + table).encode()).digest(),
    )
    return set(ranked[:SAMPLE])


def _again(patient: Patient, table: str, gone: bool = False) -> str:
    """How a table comes back to what it should be."""
    if table.startswith(("ledger.", "staging.", "raw.")):
        return "`realty restore` a backup: nothing else has what came in"
    run = f"`realty run {table.replace('.', '/')}`"
    if gone:
        return run
    # A table that is there, made from the same, is reused as it is.
    path = patient.warehouse.path
    drop = f"import duckdb; duckdb.connect('{path}').execute('DROP TABLE {table}')"
    return f'`python -c "{drop}"`, then {run}'
