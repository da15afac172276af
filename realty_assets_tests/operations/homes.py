"""Small homes and backups for the tests of the operations room."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.operations.backup import back_up
from realty_assets.operations.manifest import FILES, MANIFEST, SEAL, Manifest
from realty_assets.warehouse import Warehouse


def copy_tree(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def tiny_home(home: Path) -> Warehouse:
    """A home with a table, a photo, a raw file and a setting; no model."""
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    warehouse.replace("clean.sales", pl.DataFrame({"price": [1.0, 2.0]}))
    for name, text in (
        ("photos/ab/abc.jpg", "picture"),
        ("raw/0f/part.parquet", "cells"),
        ("archive/0f/sales.csv", "a,b"),
        ("promotion.yaml", "version: 1"),
        ("reports/market.html", "<html>"),
        ("inbox/har/waiting.csv", "a,b"),
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    return warehouse


def backup_of(warehouse: Warehouse, folder: Path) -> tuple[Path, Manifest]:
    return back_up(warehouse, folder, {"seed": 7})


def reseal(backup: Path, *changed: str) -> None:
    """Makes the manifest say of the `changed` files what they now hold."""
    said: dict[str, Any] = json.loads((backup / MANIFEST).read_text())
    for path in changed:
        data = (backup / FILES / path).read_bytes()
        said["files"][path] |= {
            "sha256": hashlib.sha256(data).hexdigest(),
            "n_bytes": len(data),
        }
    body = json.dumps(said).encode()
    (backup / MANIFEST).write_bytes(body)
    (backup / SEAL).write_text(f"{hashlib.sha256(body).hexdigest()}  {MANIFEST}\n")


def flip(path: Path) -> None:
    """Changes one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
