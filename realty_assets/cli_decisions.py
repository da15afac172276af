"""What the verbs on quarantined rows and on sources do; returns what there is to print.

A decision is a run of the job `ingest` with the decision as its configuration, so that the event
log has it with the new data versions. Dagster is imported inside, as in cli_actions.
"""

from __future__ import annotations

import getpass
import os
from typing import Any

from realty_assets import cli_actions
from realty_assets.cli_output import Progress

Report = dict[str, Any]


def list_quarantine(selection: dict[str, Any], resolution: str, limit: int) -> Report:
    from realty_assets.ingestion.selection import RESOLUTIONS, Selection, listed

    wanted = None if resolution == "all" else resolution
    if wanted is not None and wanted not in RESOLUTIONS:
        raise cli_actions.BadRequest(
            f"There is no resolution {resolution!r}: one of {', '.join(RESOLUTIONS)}, or all."
        )
    return _reading(lambda tx: listed(tx, Selection(**selection), wanted, limit))


def show_row(selection: dict[str, Any]) -> Report:
    from realty_assets.ingestion.selection import Selection, shown

    return _reading(lambda tx: shown(tx, Selection(**selection)))


def decide(
    verb: str,
    reason: str,
    by: str | None,
    progress: Progress,
    *,
    selection: dict[str, Any] | None = None,
    every_row: bool = False,
    resolution: str = "open",
    source: str | None = None,
) -> Report:
    """Carries a decision out as a run of the home's Dagster instance."""
    who = by if by is not None else user()
    check_words(verb, reason, who)
    if resolution not in ("open", "discarded"):
        raise cli_actions.BadRequest(
            f"Rows that are {resolution} cannot be decided on: --resolution is open or discarded."
        )
    asked = {
        "verb": verb,
        "reason": reason.strip(),
        "by": who.strip(),
        "every_row": every_row,
        "resolution": resolution,
    }
    if source is not None:
        asked["source"] = source
    else:
        asked["selection"] = selection or {}
        _reading(lambda tx: _choose(tx, asked))
    cli_actions._home()
    done = cli_actions._execute(
        "ingest", progress, title=verb, ops={"ingestion": {"config": {"decision": asked}}}
    )
    return {"run_id": done.run_id, **_told(done.run_id)}


def check_words(verb: str, reason: str, by: str) -> None:
    """Raises BadRequest when one of them is blank."""
    if not reason.strip():
        raise cli_actions.BadRequest(f"The reason is blank: say with --reason why to {verb}.")
    if not by.strip():
        raise cli_actions.BadRequest("The name is blank: say with --by who decides.")


def _choose(tx: Any, asked: dict[str, Any]) -> None:
    """Raises what the run would, before there is one."""
    from realty_assets.ingestion.requests import Request, choose

    choose(tx, Request(**asked))


def _told(run_id: str) -> Report:
    """What the run says of the decision it carried out."""
    import dagster as dg

    from realty_assets.runs import open_instance

    with open_instance() as instance:
        made = instance.get_latest_materialization_event(dg.AssetKey(["ledger", "decisions"]))
    if made is None or made.run_id != run_id or made.asset_materialization is None:
        return {}
    told = made.asset_materialization.metadata["decision"].value
    return dict(told) if isinstance(told, dict) else {}


def user() -> str:
    """The name of whoever is logged in; a number where the system has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _reading(tell: Any) -> Any:
    from realty_assets.ingestion.store import create_tables
    from realty_assets.warehouse import Warehouse, WarehouseMissing

    warehouse = Warehouse.at(cli_actions._home().warehouse_path)
    if not warehouse.exists("staging.quarantine"):
        raise WarehouseMissing("Nothing has been ingested yet: run `realty ingest` first.")
    with warehouse.transaction() as tx:
        create_tables(tx)
        return tell(tx)
