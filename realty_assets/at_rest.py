"""Whether anything may start by itself now: the pause switch and the hard budgets of a home."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from realty_assets.budgets import overstepped
from realty_assets.switches import AUTOMATION, paused


def why_still(home: Path) -> dg.SkipReason | None:
    """Why nothing may start by itself now; None when it may."""
    if turn := paused(home, AUTOMATION):
        return dg.SkipReason(turn.sentence)
    spent = [over.sentence for over in overstepped(home) if over.hard]
    return dg.SkipReason(" ".join(spent)) if spent else None
