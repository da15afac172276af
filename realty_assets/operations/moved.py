"""Makes what names a home's old place name its new one: MLflow's records of where artifacts lie.

Dagster's instance names no place: its configuration is copied anew into every home.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import unquote, urlsplit

DATABASE, ARTIFACTS = "mlflow/mlflow.db", "mlflow/artifacts"
# Columns of MLflow's database that hold the address of an artifact.
_ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("model_versions", "source"),
)


def mend_addresses(home: Path, place: Path) -> list[str]:
    """Points the MLflow records of `home` to where it will stand, `place`; returns the addresses of
    artifact folders that were named before.

    A home that was copied by hand names several: all of them are its own artifacts now.
    """
    database = home / DATABASE
    if not database.is_file():
        return []
    new = (place.parent.resolve() / place.name / ARTIFACTS).as_uri()
    with sqlite3.connect(database) as conn:
        rows = conn.execute("SELECT artifact_location FROM experiments ORDER BY 1").fetchall()
        old = [row[0] for row in rows if row[0].endswith("/" + ARTIFACTS) and row[0] != new]
        for address in old:
            for table, column in _ADDRESSES:
                conn.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                    f"WHERE substr({column} || '/', 1, ?) = ?",
                    [new, len(address) + 1, len(address) + 1, address + "/"],
                )
    conn.close()
    for card in sorted((home / ARTIFACTS).rglob("MLmodel")):
        text = card.read_text(encoding="utf-8")
        mended = text
        for address in old:
            folder = unquote(urlsplit(address).path).removesuffix("/" + ARTIFACTS)
            mended = mended.replace(address + "/", new + "/")
            mended = mended.replace(f" {folder}/", f" {place.parent.resolve() / place.name}/")
        if mended != text:
            card.write_text(mended, encoding="utf-8")
    return old
