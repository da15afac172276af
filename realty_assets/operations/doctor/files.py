"""Files that tables name: pages, published files, raw cells, photos, backups."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from realty_assets.ingestion.photo_checks import accounts
from realty_assets.ingestion.photo_store import FILES as PHOTO_FILES
from realty_assets.ingestion.photo_store import PHOTOS
from realty_assets.operations.doctor.finding import Finding, Patient
from realty_assets.operations.manifest import BackupBroken, broken_files, read_manifest
from realty_assets.operations.records import BACKUPS
from realty_assets.statements import sql
from realty_assets.withdrawals import place_of

# Table: the columns of its files' hash and path, and what writes them again.
NAMING = {
    "serving.reports": ("sha256", "serving"),
    "serving.evaluation_reports": ("sha256", "serving"),
    "exploration.reports": ("sha256", "exploration"),
    "analysis.takeaways": ("sha256", "analysis"),
    "publish.manifests": ("file_sha256", "publishing"),
}


def named(patient: Patient) -> Iterator[Finding]:
    """Files of reports/ and publish/ are there, and hold what was written."""
    warehouse = patient.warehouse
    for table, (column, room) in NAMING.items():
        if not warehouse.exists(table):
            continue
        for path, expected in warehouse.read(table, columns=["path", column]).iter_rows():
            file = place_of(patient.home, path)
            if not file.is_file():
                what = f"{table} names {path}, which is gone"
            elif _sha256(file) != expected:
                what = f"{path} is not what {table} says was written"
            else:
                continue
            yield Finding(what, f"`realty run {room}` writes it again")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def raw(patient: Patient) -> Iterator[Finding]:
    """The cells of every file that was taken in are kept."""
    warehouse = patient.warehouse
    if not warehouse.exists("ledger.files"):
        return
    for file_hash in warehouse.read(sql("raw/registered.sql"))["file_hash"].to_list():
        if not any((patient.home / "raw" / file_hash).glob("*.parquet")):
            yield Finding(
                f"the cells of the file {file_hash[:12]} are not below {patient.home / 'raw'}",
                f"copy raw/{file_hash} from a backup",
            )


def photos(patient: Patient) -> Iterator[Finding]:
    """Photo files, their rows and the store agree; some of the kept bytes are hashed."""
    warehouse = patient.warehouse
    if not (warehouse.exists(PHOTOS) and warehouse.exists(PHOTO_FILES)):
        return
    for what in accounts(warehouse).wrong:
        yield Finding(what, "copy photos/ from a backup, or deliver those photos again")


def backups(patient: Patient) -> Iterator[Finding]:
    """There is a backup, where it was put; with `deep`, the newest one is whole."""
    warehouse = patient.warehouse
    rows = warehouse.read(BACKUPS).sort("made_at").to_dicts() if warehouse.exists(BACKUPS) else []
    if not rows:
        yield Finding("there is no backup of this home", "`realty backup`", "note")
        return
    newest = rows[-1]
    place = Path(newest["path"])
    try:
        manifest = read_manifest(place)
    except (BackupBroken, OSError) as error:
        yield Finding(f"the newest backup cannot be used: {error}", "make another: `realty backup`")
        return
    if patient.deep:
        for what in broken_files(place, manifest):
            yield Finding(f"in the newest backup, {place}: {what}", "make another: `realty backup`")
