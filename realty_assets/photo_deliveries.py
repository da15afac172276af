"""Photos of an explicit delivery: put into the inbox, and told of when a run has taken them in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.ingestion import packed
from realty_assets.ingestion.inbox import DepositError, expand
from realty_assets.ingestion.photo_inbox import (
    deposit_photos,
    is_photo_or_manifest,
    photos_in,
    waiting,
)
from realty_assets.ingestion.photo_names import told_name
from realty_assets.warehouse import Warehouse

MOST_TOLD = 30


class PhotosWait(RealtyError):
    """Photos of a command still stand in the inbox after its run."""


def exports_in(path: Path) -> list[Path]:
    """The exports that a path means, without its photos and their manifests.

    Raises DepositError for a path that means neither exports nor photos.
    """
    try:
        return [one for one in expand(path) if not is_photo_or_manifest(one)]
    except DepositError:
        if photos_in(path):
            return []
        raise


def deposit(home: Path, paths: Sequence[Path]) -> list[str]:
    """Puts the photos that the paths mean into the inbox; returns the names they go by.

    What a killed try brought to the ledger is known by name and bytes, and changes nothing.
    """
    inbox = home / "inbox"
    placed = [
        told_name(place.relative_to(inbox).as_posix())
        for path in paths
        for place in deposit_photos(path, home)
    ]
    # Archives stand in the inbox already; what they hold comes out of them in the run.
    return placed + [
        name for given in paths for path in exports_in(given) for name in packed.photo_names(path)
    ]


def told(warehouse: Warehouse, names: Sequence[str]) -> dict[str, Any]:
    """What became of the photos of this command: counts by status, and those that are not ok.

    Raises PhotosWait when some were not taken in.
    """
    if not names:
        return {}
    wanted = set(names)
    if left := sorted(wanted & {one.told for one in waiting(warehouse.home)}):
        raise PhotosWait(
            f"{len(left):,} of {len(names):,} photos were not taken in, the first {left[0]}; they "
            "wait in the inbox: give the command again."
        )
    rows = (
        warehouse.read("staging.photos", columns=["file_name", "listing_key", "status", "detail"])
        .filter(pl.col("file_name").is_in(wanted))
        .sort("file_name", "listing_key")
    )
    refused = rows.filter(pl.col("status") == "refused")
    return {
        "n_photos": len(names),
        "photos": rows.group_by("status").len("n_photos").sort("status").to_dicts(),
        "photos_not_ok": rows.filter(pl.col("status") != "ok").head(MOST_TOLD).to_dicts(),
        "photos_refused": [f"{row[0]}: {row[3]}" for row in refused.rows()],
    }
