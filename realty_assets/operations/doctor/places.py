"""Folders, disk, files that a person wrote, what waits, and the clock."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from realty_assets.budgets import overstepped, read_costs
from realty_assets.errors import RealtyError
from realty_assets.features.layers import read_layers
from realty_assets.features.policy import read_policy as read_barred
from realty_assets.home import FOLDERS
from realty_assets.ingestion.sources import read_mapping
from realty_assets.monitoring.alerting.policy import read_policy as read_alerts
from realty_assets.monitoring.policy import read_policy as read_monitoring
from realty_assets.operations.doctor.finding import Finding, Patient
from realty_assets.operations.retention.policy import read_policy as read_retention
from realty_assets.promotion.policy import read_policy
from realty_assets.retraining.policy import read_policy as read_retraining
from realty_assets.switches import SWITCHES, paused

# A clock that differs by less has only not been set for a while.
CLOCK_S = 3600.0


def folders(patient: Patient) -> Iterator[Finding]:
    """The home and its folders are folders that this user may read and write."""
    home = patient.home
    if not home.exists():
        yield Finding(
            f"there is no home at {home}", "name it with --home or REALTY_HOME, or `realty ingest`"
        )
        return
    for place in (home, *(home / name for name in FOLDERS)):
        if place.is_dir():
            if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
                yield Finding(
                    f"this user may not read and write {place}",
                    f"chmod u+rwx {place}, or run as the user that owns it",
                )
        elif place.exists() or place.is_symlink():
            yield Finding(
                f"{place} is no folder", "move it away; the next command makes the folder"
            )


def disk(patient: Patient) -> Iterator[Finding]:
    """There is room for the warehouse to be written anew, and some besides."""
    if not patient.home.is_dir():
        return
    path = patient.warehouse.path
    needed = patient.min_free_bytes + (path.stat().st_size if path.is_file() else 0)
    free = shutil.disk_usage(patient.home).free
    if free < needed:
        yield Finding(
            f"{free >> 20:,} MiB are free at {patient.home}, {needed >> 20:,} MiB are wanted",
            "free some disk space, or move the home (`realty backup`, `realty restore`)",
        )


def own_files(patient: Patient) -> Iterator[Finding]:
    """Policies, mappings and map layers of the home can be read."""
    home = patient.home
    readers: list[tuple[Path, Callable[[], Any]]] = [
        (home / "promotion.yaml", lambda: read_policy(home)),
        (home / "monitoring.yaml", lambda: read_monitoring(home)),
        (home / "alerts.yaml", lambda: read_alerts(home)),
        (home / "policy.yaml", lambda: read_barred(home)),
        (home / "retraining.yaml", lambda: read_retraining(home)),
        (home / "retention.yaml", lambda: read_retention(home)),
        (home / "costs.yaml", lambda: read_costs(home)),
        (home / "layers", lambda: read_layers(home / "layers")),
    ]
    readers += [
        (path, lambda path=path: read_mapping(path))  # type: ignore[misc]
        for path in sorted((home / "sources").glob("*.yaml"))
    ]
    for path, read in readers:
        try:
            read()
        except (RealtyError, OSError) as error:
            yield Finding(str(error), f"mend {path}, or take it back from a backup")


def inbox(patient: Patient) -> Iterator[Finding]:
    """What waits in the inbox can be read, and will be taken."""
    folder = patient.home / "inbox"
    for place, folders_there, names in os.walk(folder):
        for name in [*names, *folders_there]:
            path = Path(place) / name
            if name.startswith("."):
                continue
            if path.is_symlink():
                yield Finding(
                    f"{path} is a link, and links are never taken in",
                    "put the file itself there: `realty ingest FILE`",
                )
            elif not (path.is_file() or path.is_dir()):
                yield Finding(f"{path} is neither a file nor a folder", "move it away")
            elif not os.access(path, os.R_OK):
                yield Finding(f"{path} cannot be read", f"chmod u+r {path}")


def commands(patient: Patient) -> Iterator[Finding]:
    """No delivery was killed half way."""
    for path in sorted((patient.home / "journal").glob("*.json")):
        yield Finding(
            f"an ingestion did not come to its end, or is under way ({path.name})",
            "give the same `realty ingest` again: nothing is delivered twice",
            "note",
        )


def switches(patient: Patient) -> Iterator[Finding]:
    """Publishing and automation are on."""
    for switch in SWITCHES:
        if turn := paused(patient.home, switch):
            mend = f"`realty resume {switch} --reason ...`, when its reason is gone"
            yield Finding(turn.sentence, mend, "note")


def budgets(patient: Patient) -> Iterator[Finding]:
    """What runs cost lies within the budgets."""
    for over in overstepped(patient.home):
        yield Finding(over.sentence, "`realty costs` says what for; costs.yaml sets it", "note")


def clock(patient: Patient) -> Iterator[Finding]:
    """The clock is not behind what the home was written at, and the time zone is a known one."""
    path = patient.warehouse.path
    if path.is_file():
        ahead_s = path.stat().st_mtime - time.time()
        if ahead_s > CLOCK_S:
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            yield Finding(
                f"the warehouse was written at {written:%Y-%m-%d %H:%M} UTC, which the clock of "
                f"this machine has not reached ({ahead_s / 3600:,.1f} hours to go)",
                "set the clock of this machine (timedatectl set-ntp true)",
            )
    zone = os.environ.get("TZ", "").lstrip(":")
    if zone and not zone.startswith("/"):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield Finding(
                f"the time zone TZ={zone!r} is not known: local times would be taken for UTC",
                "name a zone such as America/Chicago in TZ, or unset it",
            )
