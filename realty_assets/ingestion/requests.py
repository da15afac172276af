"""What a person asks for: a verb, a reason, and the rows or the source that are meant."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

from realty_assets.errors import RealtyError
from realty_assets.ingestion.selection import NoSuchRows, Resolution, Selection
from realty_assets.warehouse import Tx

Verb = Literal["release", "discard", "retry", "block", "unblock"]
DONE: dict[str, Resolution] = {
    "release": "released",
    "discard": "discarded",
    "retry": "retried",
}


class BadDecision(RealtyError):
    """A decision that cannot be taken."""


class Request(BaseModel):
    """What is asked: for rows a selection and their resolution so far, for a source its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Verb
    reason: str
    by: str
    selection: Selection = Selection()
    every_row: bool = False
    resolution: Resolution = "open"
    source: str | None = None


def choose(tx: Tx, request: Request) -> tuple[pl.DataFrame, int]:
    """(the rows to decide on, how many that fit were decided in this way before).

    Raises BadDecision without a selection, NoSuchRows when nothing fits.
    """
    if request.selection.everything and not request.every_row:
        raise BadDecision(
            f"Say which rows to {request.verb}: by --rule, --file, --source, --key, --line or id, "
            "or --all for every one."
        )
    fitting = request.selection.rows(tx)
    rows = fitting.filter(pl.col("resolution") == request.resolution)
    if not fitting.height:
        raise NoSuchRows("No row in quarantine fits what was asked for (`realty quarantine list`).")
    n_before = int((fitting["resolution"] == DONE[request.verb]).sum())
    if not rows.height and not n_before:
        found = ", ".join(fitting["resolution"].unique().sort().to_list())
        raise NoSuchRows(
            f"No row that fits is {request.resolution} (those that fit are {found}): name the ones "
            "you mean with --resolution."
        )
    return rows, n_before
