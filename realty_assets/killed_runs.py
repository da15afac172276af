"""What a killed run took, from the notes that its meter left while it lived.

A meter writes what it has seen so far every few seconds; where its process is gone, the note is
all that will ever be known, and becomes a row like that of a run that ended: of a step without a
name, whose outcome is `killed`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from realty_assets.processes import alive, process_tags

FOLDER = "costs"
OPEN = Path(FOLDER) / "open"
KILLED = "killed"


def write_note(home: Path, run_id: str, told: dict[str, Any]) -> None:
    """Puts the newest note of a run of this process in the place of the one before."""
    (home / OPEN).mkdir(parents=True, exist_ok=True)
    beside = home / OPEN / f".{run_id}"
    beside.write_text(json.dumps(told | {"process": process_tags()}), encoding="utf-8")
    beside.replace(home / OPEN / f"{run_id}.json")


def drop_note(home: Path, run_id: str) -> None:
    """The run has ended and says itself what it took."""
    (home / OPEN / f"{run_id}.json").unlink(missing_ok=True)


def killed_runs(home: Path) -> list[tuple[Path, dict[str, Any]]]:
    """(note, what the run took as of it, in the form of an ended run) of every run whose process is
    gone."""
    found = []
    for path in sorted((home / OPEN).glob("*.json")):
        note = json.loads(path.read_text(encoding="utf-8"))
        if not alive(note["process"]):
            found.append((path, _ended(note)))
    return found


def _ended(note: dict[str, Any]) -> dict[str, Any]:
    wall_s = max(0.0, note["last_s"] - note["began_s"])
    step = {
        "step": None,
        "started_at": _utc(note["began_s"]).isoformat(),
        "wall_s": round(wall_s, 4),
        "cpu_s": round(note["cpu_s"], 4),
        "peak_rss_bytes": note["peak_rss_bytes"],
        "outcome": KILLED,
        "assets": [],
    }
    return {
        "run_id": note["run_id"],
        "job": note["job"],
        "ended_at": _utc(note["last_s"]).isoformat(),
        "wall_s": step["wall_s"],
        "cpu_s": step["cpu_s"],
        "gib_s": note["peak_rss_bytes"] / (1 << 30) * wall_s,
        "steps": [step],
    }


def _utc(when_s: float) -> datetime:
    return datetime.fromtimestamp(when_s, UTC).replace(tzinfo=None)
