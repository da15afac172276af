"""Pages that were taken back: kept in withdrawn/, with a notice in their place.

Who withdrew what, when and why stands in a file of the home, as pauses do: a withdrawal holds at
once, also while a run keeps the warehouse. The file is written first and the pages follow it, so
whoever is killed between the two is followed up by the next who looks.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

from realty_assets.switches import Turn, read_turns

FILE, KEPT = "withdrawals.json", "withdrawn"
WITHDRAW, REINSTATE = "withdraw", "reinstate"
MARK = '<meta name="realty" content="withdrawn">'


def withdrawals(home: Path) -> list[Turn]:
    """Every withdrawal and reinstatement, oldest first; `switch` is the path of the page below the
    home. Raises SwitchesBroken."""
    return read_turns(home, FILE)


def withdrawn(home: Path) -> dict[str, Turn]:
    """Pages that are withdrawn now, by path. Raises SwitchesBroken."""
    last = {turn.switch: turn for turn in withdrawals(home)}
    return {path: turn for path, turn in last.items() if turn.verb == WITHDRAW}


def place_of(home: Path, path: str) -> Path:
    """Where what was written as `path` is kept: of a withdrawn page, out of sight."""
    return home / KEPT / path if path in withdrawn(home) else home / path


def follow(home: Path, turns: Sequence[Turn]) -> None:
    """Puts every page of `turns` where the last word on it says; done already, it does nothing."""
    for path, turn in {turn.switch: turn for turn in turns}.items():
        page, kept = home / path, home / KEPT / path
        if turn.verb == REINSTATE:
            if kept.is_file():
                os.replace(kept, page)
            continue
        if page.is_file() and not _is_notice(page):
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.replace(page, kept)
        if kept.is_file() and not page.is_file():
            _write_notice(page, turn)


def _is_notice(page: Path) -> bool:
    with page.open("rb") as file:
        return MARK.encode() in file.read(512)


def _write_notice(page: Path, turn: Turn) -> None:
    beside = page.with_name(page.name + ".tmp")
    why, by = escape(turn.reason), escape(turn.by)
    beside.write_text(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{MARK}\n'
        f"<title>Withdrawn</title></head><body>\n<h1>This page was withdrawn</h1>\n"
        f"<p>On {turn.at:%Y-%m-%d}, by {by}: {why}</p>\n"
        "<p>What it said is kept, and is not to be relied on.</p>\n</body></html>\n",
        encoding="utf-8",
    )
    os.replace(beside, page)
