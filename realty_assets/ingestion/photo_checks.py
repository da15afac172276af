"""Whether every photo that came is accounted for: rows against rows, and rows against the disk."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

# Contents whose bytes are hashed anew by one check.
SAMPLE = 64


@dataclass(frozen=True)
class Accounts:
    """What was counted, and a sentence for each thing that is wrong."""

    n_files: int
    n_staged: int
    n_contents: int
    n_hashed: int
    wrong: tuple[str, ...]


def accounts(warehouse: Warehouse, seed: str = "") -> Accounts:
    """Counts photo files, rows and stored contents anew.

    `seed`: which contents are hashed; another one at each run looks at others.
    """
    told = warehouse.read(sql("staging/photo_accounts.sql")).row(0, named=True)
    paths = warehouse.read(sql("staging/photo_paths.sql")).rows()
    wrong = []
    if told["n_lost"] or told["n_files"] != told["n_staged"]:
        wrong.append(
            f"{told['n_files']:,} photo files came, and staging.photos names {told['n_staged']:,}."
        )
    named = {path for path, _ in paths}
    stored = _stored(warehouse.home)
    if gone := sorted(named - stored):
        wrong.append(f"{len(gone):,} photos are not in the store, the first {gone[0]}.")
    sample = sorted(paths, key=lambda row: hashlib.sha256((seed + row[1]).encode()).digest())
    looked = [row for row in sample[:SAMPLE] if row[0] in stored]
    for path, photo_hash in looked:
        if hashlib.sha256((warehouse.home / path).read_bytes()).hexdigest() != photo_hash:
            wrong.append(f"{path} does not hold the bytes that it is named for.")
    return Accounts(told["n_files"], told["n_staged"], len(named), len(looked), tuple(wrong))


def _stored(home: Path) -> set[str]:
    """Every stored content, as a path below the home."""
    return {
        f"photos/{folder.name}/{one.name}"
        for folder in (os.scandir(home / "photos") if (home / "photos").is_dir() else ())
        if folder.is_dir()
        for one in os.scandir(folder)
        if not one.name.startswith(".")
    }
