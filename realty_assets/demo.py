"""The embedded market in a home: made, put into the inbox, and told of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from realty_assets.cli_output import Progress, say
from realty_assets.errors import RealtyError
from realty_assets.ingestion.inbox import deposit, pending
from realty_assets.ingestion.photo_inbox import deposit_photos
from realty_assets.runs import RunOutcome
from realty_assets.settings import Settings
from realty_assets.warehouse import Warehouse

FOLDER = "sample_market"
SIZE = {"listings": 6000, "months": 30, "photos": 240}


class NotADemoHome(RealtyError):
    """The home holds a market of its own."""


def fill_empty_home(settings: Settings, progress: Progress, size: dict[str, int] = SIZE) -> bool:
    """Gives a home that knows nothing the sample market; returns whether it did."""
    warehouse = Warehouse.at(settings.warehouse_path)
    half_made = _half_made(settings)
    if not half_made and (pending(settings.home) or warehouse.exists("ledger.files")):
        return False
    say(f"The home {settings.home} is empty, so the sample market is put into its inbox.")
    _make_and_deposit(settings, progress, size)
    return True


def fill_demo_home(
    settings: Settings, listings: int, months: int, photos: int, progress: Progress
) -> None:
    """The sample market in the inbox, unless this home took it in before.

    Raises NotADemoHome when the home holds another market.
    """
    size = {"listings": listings, "months": months, "photos": photos}
    note = settings.home / FOLDER / "made.json"
    if note.exists() and json.loads(note.read_text()) == size:
        say(f"The sample market is already in {settings.home}; what has not changed is reused.")
        return
    known = Warehouse.at(settings.warehouse_path).exists("ledger.files")
    if note.exists() or (known and not _half_made(settings)):
        raise NotADemoHome(
            f"The home {settings.home} holds another market: name an empty folder with "
            "REALTY_HOME and run the demo there."
        )
    _make_and_deposit(settings, progress, size)


def _half_made(settings: Settings) -> bool:
    """Whether a killed run left the sample market without the note that it is all there."""
    folder = settings.home / FOLDER
    return folder.exists() and not (folder / "made.json").exists()


def summary(settings: Settings, warehouse: Warehouse, done: RunOutcome) -> dict[str, Any]:
    """What the demo leaves behind, and where to look."""
    pages = warehouse.read("serving.reports").to_dicts()
    valuations = warehouse.read("serving.valuations", columns=["value"])
    slowest = sorted(done.step_s.items(), key=lambda step: -step[1])[:5]
    return {
        "home": str(settings.home),
        "assets": f"{len(done.materialized)} materialized, {len(done.reused)} of them reused",
        "valuations": f"{valuations['value'].count()} of {valuations.height} homes valued",
        "wall_time": f"{done.wall_s:.0f} s; longest steps: "
        + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in slowest),
        "report": ", ".join(str(settings.home / page["path"]) for page in pages),
        "next": "`make ui` opens the graph; `realty value LISTING_KEY` gives one value",
    }


def _make_and_deposit(settings: Settings, progress: Progress, size: dict[str, int]) -> None:
    from realty_assets.sample_market import generate

    folder = settings.home / FOLDER
    if folder.exists():
        # Left half made by a killed run: it is made of nothing but the seed.
        shutil.rmtree(folder)
    with progress("sample market") as on_step:
        generate(
            folder,
            **size,
            seed=settings.seed,
            progress=lambda what, share: on_step("step", f"{what} {share:.0%}", None),
        )
    for path in sorted((folder / "exports").iterdir()):
        deposit(path, settings.home, "har")
    deposit_photos(folder / "photos", settings.home)
    _write_note(folder / "made.json", size)


def _write_note(path: Path, size: dict[str, int]) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(size))
    beside.replace(path)
