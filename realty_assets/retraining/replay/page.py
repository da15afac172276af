"""The page of a replay: one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from realty_assets.pages import environment
from realty_assets.retraining.replay.play import MODELS

TEMPLATES = Path(__file__).with_name("templates")


def page_text(first: date, last: date, rows: Sequence[dict[str, Any]], told: dict[str, Any]) -> str:
    """The page; `rows` are those of the table, `told` the summary."""
    template = environment(TEMPLATES).get_template("replay.html.j2")
    return template.render(
        first=first, last=last, rows=rows, told=told, models=MODELS, share=_share
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}%"
