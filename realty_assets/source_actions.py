"""What the verbs of `realty sources` do; every function returns what there is to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from realty_assets import cli_actions
from realty_assets.cli_output import Progress
from realty_assets.errors import RealtyError

if TYPE_CHECKING:
    from realty_assets.ingestion.blocks import Block


class DraftExists(RealtyError):
    """A draft would overwrite a file."""


def list_sources() -> dict[str, Any]:
    """A row per mapping: the home's own first, then the built-in ones they do not replace."""
    from realty_assets.ingestion.sources import all_sources, user_sources
    from realty_assets.settings import get_settings

    home = get_settings().home
    own = {source.name for source in user_sources(home)}
    blocked = _blocked()
    return {
        "sources": [
            {
                "name": source.name,
                "family": source.group,
                "version": source.version,
                "columns": len({cell.to for _, cell in source.cells()}),
                "private": len(source.private),
                "from": "this home" if source.name in own else "built in",
                "blocked": source.group in blocked or source.name in blocked,
                "description": source.description,
            }
            for source in all_sources(home)
        ]
    }


def propose(file: Path, to: Path | None) -> dict[str, Any]:
    """The draft mapping of a file, and where it was written. Raises DraftExists."""
    from realty_assets.ingestion.propose import propose as draft_for

    if to is not None and to.exists():
        raise DraftExists(f"{to} exists already: name another file for the draft.")
    draft = draft_for(file)
    told: dict[str, Any] = {
        "name": draft.name,
        "n_headings": draft.n_headings,
        "rows_looked_at": draft.n_rows,
        "mapped": [
            {
                "heading": one.heading,
                "column": one.column,
                "confidence": one.confidence,
                "sure": one.sure,
                "also": list(one.also),
            }
            for one in draft.matches.found
        ],
        "private": list(draft.matches.private),
        "not_read": list(draft.matches.unknown),
        "questions": list(draft.questions),
    }
    if to is None:
        return told | {"yaml": draft.yaml}
    beside = to.with_name(f".{to.name}.part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(draft.yaml, encoding="utf-8")
        beside.replace(to)
    except OSError as error:
        raise RealtyError(f"The draft cannot be written to {to}: {error.strerror}.") from error
    return told | {
        "written_to": str(to),
        "next": f"answer the question marks in it, then: realty ingest {file} --source {to}",
    }


def turn_source(
    verb: str, name: str, reason: str, by: str | None, dry_run: bool, progress: Progress
) -> dict[str, Any]:
    """Blocks a source or lets it in again, as a run of the home; what stands so already is left.

    Raises SourceError for a source that there is not, BadRequest for a blank reason or name.
    """
    from realty_assets import cli_decisions
    from realty_assets.ingestion.blocks import waiting
    from realty_assets.ingestion.sources import load_source

    who = by if by is not None else cli_decisions.user()
    cli_decisions.check_words(verb, reason, who)
    home = cli_actions._home().home
    stands = _blocked().get(name)
    if stands is None:
        load_source(name, home)
    told: dict[str, Any] = {
        "source": name,
        "blocked": verb == "block",
        "already": (stands is not None) == (verb == "block"),
        "n_files_waiting": sum(row["n_files"] for row in waiting(home, {name})),
    }
    if told["already"] and stands is not None:
        told |= {"since": str(stands.at), "by": stands.by, "reason": stands.reason}
    if dry_run:
        return told | {"dry_run": True, "note": "nothing was changed"}
    if told["already"]:
        return told
    return told | cli_decisions.decide(verb, reason, who, progress, source=name)


def _blocked() -> dict[str, Block]:
    """Sources whose files wait by order of the home's user, by name."""
    from realty_assets.ingestion.blocks import blocked
    from realty_assets.settings import get_settings
    from realty_assets.warehouse import Tx, Warehouse

    warehouse = Warehouse.at(get_settings().warehouse_path)
    if not warehouse.exists("ledger.decisions"):
        return {}
    with warehouse.connect() as conn:
        return blocked(Tx(conn))
