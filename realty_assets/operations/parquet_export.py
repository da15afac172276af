"""Every table of a backup once more as Parquet: whoever has no DuckDB of that day can read it.

Views are left out: what they show lies below raw/ as Parquet already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from realty_assets.operations import copying
from realty_assets.operations.manifest import EXPORTS, Export, Manifest
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse


def export_tables(
    copy: Warehouse,
    to: Path,
    tables: Mapping[str, Mapping[str, Any]],
    earlier: tuple[Path, Manifest] | None,
) -> dict[str, Export]:
    """Writes each table of the warehouse `copy` to a file below `to`/EXPORTS, by table.

    `tables` says what each holds (rows and fingerprint). What the `earlier` backup (its folder and
    manifest) holds in the same state, and whole, is linked and not written again.
    """
    (to / EXPORTS).mkdir()
    exports = {}
    with copy.connect() as conn:
        for name in Tx(conn).read(sql("operations/tables_alone.sql"))["name"]:
            file = to / EXPORTS / f"{name}.parquet"
            if not (earlier and _linked(name, file, tables[name], earlier)):
                conn.execute(f"COPY {name} TO '{_quoted(file)}' (FORMAT parquet, COMPRESSION zstd)")
            exports[name] = Export(
                copying.sha256_of(file), file.stat().st_size, tables[name]["n_rows"]
            )
    return exports


def _linked(
    name: str, file: Path, holds: Mapping[str, Any], earlier: tuple[Path, Manifest]
) -> bool:
    folder, manifest = earlier
    before, export = manifest.tables.get(name, {}), manifest.exports.get(name)
    if export is None or holds.get("sha256") is None or before.get("sha256") != holds["sha256"]:
        return False
    kept = folder / EXPORTS / file.name
    if not kept.is_file() or copying.sha256_of(kept) != export.sha256:
        return False
    return copying.link_file(kept, file)


def wrong_rows(folder: Path, manifest: Manifest, restored: Warehouse) -> Iterator[str]:
    """Tables whose rows are not as many as the manifest says, in their file or in the restored
    warehouse, as sentences."""
    with restored.connect() as conn:
        for name, export in manifest.exports.items():
            place = str(folder / EXPORTS / f"{name}.parquet")
            for what, query, bound in (
                ("its Parquet file", "SELECT count(*) FROM read_parquet(?)", [place]),
                ("the restored warehouse", f"SELECT count(*) FROM {name}", []),
            ):
                try:
                    n_rows = conn.execute(query, bound).fetchall()[0][0]
                except duckdb.Error as error:
                    yield f"{name} cannot be read from {what}: {str(error).splitlines()[0]}"
                    continue
                if n_rows != export.n_rows:
                    yield f"{name} has {n_rows:,} rows in {what}, not {export.n_rows:,}"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
