"""The two switches of a home, publishing and automation: who turned which, when, why, until when.

They stand in a file of the home, not in its warehouse: a sensor never opens that, and a pause must
hold at once, also while a long run keeps the warehouse. operations.actions follows the file.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from realty_assets.errors import RealtyError

FILE, LOCK = "switches.json", ".switches.lock"
PUBLISHING, AUTOMATION = "publishing", "automation"
SWITCHES = (PUBLISHING, AUTOMATION)
PAUSE, RESUME = "pause", "resume"
# Schemas of what leaves the house: their tables and files stay as they are while publishing rests.
PUBLISHED = ("publish", "serving")


class SwitchesBroken(RealtyError):
    """The file of the switches cannot be read: whether something is paused is not known."""


class PublishingPaused(RealtyError):
    """Something would have to be published for the first time while publishing is paused."""


@dataclass(frozen=True)
class Turn:
    """One turn of a switch; `at` in UTC, `until` the first day (UTC) on which a pause is over."""

    action_id: str
    switch: str
    verb: str
    by: str
    reason: str
    at: datetime
    until: date | None = None

    def holds(self, now: datetime) -> bool:
        """Whether this turn keeps its switch off at `now` (UTC)."""
        return self.verb == PAUSE and (self.until is None or now.date() < self.until)

    @property
    def sentence(self) -> str:
        end = f" until {self.until}" if self.until else ""
        return (
            f"{self.switch.capitalize()} is paused{end} (since {self.at:%Y-%m-%d %H:%M} UTC, by "
            f"{self.by}): {self.reason.rstrip('.')}. `realty resume {self.switch}` ends it."
        )


def read_turns(home: Path, name: str = FILE) -> list[Turn]:
    """All turns in a file of the home (that of its switches), oldest first. Raises
    SwitchesBroken."""
    path, told = home / name, "paused" if name == FILE else "withdrawn"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [_turn(row) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SwitchesBroken(
            f"{path} cannot be read ({error}): whether something is {told} is not known. Take it "
            f"back from a backup, or remove it, and nothing is {told}."
        ) from error


def _turn(row: dict[str, Any]) -> Turn:
    until = row["until"]
    return Turn(
        **{
            **row,
            "at": datetime.fromisoformat(row["at"]),
            "until": date.fromisoformat(until) if until else None,
        }
    )


def write_turns(home: Path, turns: Sequence[Turn], name: str = FILE) -> None:
    """Puts `turns` in the place of the file, whole."""
    beside = home / f".{name}.{os.getpid()}"
    with beside.open("w", encoding="utf-8") as file:
        json.dump([asdict(turn) for turn in turns], file, default=str, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(home / name)


@contextmanager
def turning(home: Path) -> Iterator[None]:
    """Who turns a switch is alone."""
    with (home / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def paused(home: Path, switch: str, now: datetime | None = None) -> Turn | None:
    """The pause that holds a switch now (`now` in UTC); None when it is on. Raises
    SwitchesBroken."""
    turns = [turn for turn in read_turns(home) if turn.switch == switch]
    at = now or datetime.now(UTC).replace(tzinfo=None)
    return turns[-1] if turns and turns[-1].holds(at) else None


def publishing_paused(home: Path, tables: Sequence[str]) -> Turn | None:
    """The pause that keeps `tables` as they are; None when they may be written."""
    if not any(table.split(".")[0] in PUBLISHED for table in tables):
        return None
    return paused(home, PUBLISHING)
