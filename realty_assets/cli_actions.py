"""What each verb of the command line does; every function returns what there is to print.

Dagster and all else that is slow is imported inside: `realty --help` must not pay for it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realty_assets.cli_output import Progress
from realty_assets.errors import RealtyError, if_disk_full

if TYPE_CHECKING:
    import dagster as dg

    from realty_assets.runs import RunOutcome
    from realty_assets.settings import Settings
    from realty_assets.warehouse import Warehouse

Report = dict[str, Any]


class BadRequest(RealtyError):
    """The command line asks for something that does not exist."""


def enter_home(home: Path | None) -> None:
    """Makes `home` the home of this process and of its children."""
    from realty_assets.settings import get_settings

    if home is not None:
        os.environ["REALTY_HOME"] = str(home)
    get_settings()


def make_sample(
    to: Path, listings: int, months: int, photos: int, seed: int, progress: Progress
) -> Report:
    from realty_assets.sample_market import generate

    if to.exists() and not to.is_dir():
        raise BadRequest(f"{to} is a file: name a folder for the sample market.")
    if to.exists() and any(to.iterdir()):
        raise BadRequest(f"The folder {to} is not empty: name a new one for the sample market.")
    with progress("sample market") as on_step:
        made = generate(
            to,
            listings=listings,
            months=months,
            photos=photos,
            seed=seed,
            progress=lambda what, share: on_step("step", f"{what} {share:.0%}", None),
        )
    return {"folder": str(to), **{k: v for k, v in vars(made).items() if isinstance(v, int | str)}}


def ingest(paths: list[Path], source: str | None, progress: Progress) -> Report:
    from realty_assets import deliveries, photo_deliveries
    from realty_assets.automation import ingest_job

    settings = _home()
    with deliveries.journal(settings.home, paths, source) as journal:
        waiting = deliveries.deposit(settings.home, paths, source, journal)
        photos = photo_deliveries.deposit(settings.home, paths)
        done = _execute(ingest_job.name, progress, title="ingest")
        rows = deliveries.told(_warehouse(), waiting, journal.started_at)
    if len(rows) < len(waiting):
        raise BadRequest(
            f"Only {len(rows)} of {len(waiting)} files were taken in; the others wait in the inbox "
            "(`realty status`): give the command again."
        )
    refused = [row for row in rows if row["status"] in ("refused", "blocked")]
    return {
        "run_id": done.run_id,
        "wall_s": round(done.wall_s, 2),
        "n_files": len(rows),
        "n_refused": len(refused),
        "files": rows,
        **photo_deliveries.told(_warehouse(), photos),
    }


def run(what: str, progress: Progress, force: bool = False) -> Report:
    from realty_assets import up_to_date

    settings = _home()
    if what == "all":
        if not force and (run_id := up_to_date.last_full_run(settings, _warehouse())):
            return {
                "run_id": run_id,
                "up_to_date": True,
                "rebuilt": [],
                "note": "nothing has changed since that run; --force runs everything all the same",
            }
        done = _full_run(settings, progress)
    else:
        done = _execute("all", progress, title=f"run {what}", keys=_select(what))
    return {
        "run_id": done.run_id,
        "up_to_date": False,
        "wall_s": round(done.wall_s, 2),
        "n_materialized": len(done.materialized),
        "n_reused": len(done.reused),
        "rebuilt": [key.to_user_string() for key in done.materialized if key not in done.reused],
        **_kept_back(done),
    }


def _kept_back(done: RunOutcome) -> Report:
    """What a pause of publishing kept as it was, and why; nothing when nothing was."""
    if not done.kept_back:
        return {}
    keys = [key.to_user_string() for key in done.kept_back]
    return {"kept_back": keys, "note": next(iter(done.kept_back.values()))}


def status() -> Report:
    from realty_assets.home_status import describe

    return describe(_home(), _warehouse())


def backtest(
    from_month: str, to_month: str, track: str, predictions: Path | None, progress: Progress
) -> Report:
    from realty_assets.modeling import backtest_report

    if predictions is not None and predictions.is_dir():
        raise BadRequest(f"{predictions} is a folder: name a file for the predictions.")
    _home()
    window = backtest_report.check_window(from_month, to_month, track)
    done = _execute(
        "backtest_window", progress, title="backtest", ops=backtest_report.op_config(window)
    )
    return {
        "run_id": done.run_id,
        "wall_s": round(done.wall_s, 2),
        **backtest_report.tell(_warehouse(), window, predictions),
    }


def value(listing_key: str, track: str) -> Report:
    from realty_assets.serving.values import value_of

    check_track(track)
    _home()
    return value_of(_warehouse(), listing_key, track).as_dict()


def check_track(track: str) -> None:
    """Raises BadRequest, naming the tracks, when there is no such one."""
    from realty_assets.features.tracks import TRACKS

    if track not in TRACKS:
        raise BadRequest(f"There is no track {track!r}: one of {', '.join(TRACKS)}.")


def report(open_it: bool, progress: Progress) -> Report:
    settings = _home()
    done = _execute("all", progress, title="report", keys=_select("serving"))
    rows = _warehouse().read("serving.reports").sort("name").to_dicts()
    pages = [{"name": row["name"], "path": str(settings.home / row["path"])} for row in rows]
    if open_it:
        import webbrowser

        webbrowser.open(Path(pages[0]["path"]).as_uri())
    return {"run_id": done.run_id, "reports": pages, **_kept_back(done)}


def fingerprint(tables: list[str]) -> Report:
    from realty_assets.fingerprint import fingerprint_home

    _home()
    return fingerprint_home(_warehouse(), tables)


def dictionary(to: Path) -> Report:
    from realty_assets.dictionary_page import page_of

    _home()
    text = page_of(_warehouse())
    beside = to.with_name(f".{to.name}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(to)
    return {"written_to": str(to), "lines": text.count("\n")}


def serve_ui(port: int, progress: Progress) -> int:
    from realty_assets.demo import fill_empty_home
    from realty_assets.ui import serve

    settings = _home()
    fill_empty_home(settings, progress)
    return serve(port)


def demo(listings: int, months: int, photos: int, progress: Progress) -> Report:
    from realty_assets.demo import fill_demo_home, summary

    settings = _home()
    fill_demo_home(settings, listings, months, photos, progress)
    done = _full_run(settings, progress)
    return summary(settings, _warehouse(), done)


def unexpected(error: Exception) -> str:
    """A sentence for an error that nobody foresaw; its trace goes to a file for who mends it."""
    import tempfile
    import traceback

    first = str(error).strip().split("\n")[0]
    if said := if_disk_full(first, str(error), str(error.__cause__), str(error.__context__)):
        return said
    said = f"{type(error).__name__}: {first}."
    trace = Path(tempfile.gettempdir()) / f"realty-error-{os.getpid()}.txt"
    try:
        trace.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return said
    return f"{said} The trace is in {trace}."


def forget_ended_deliveries() -> None:
    if deliveries := sys.modules.get("realty_assets.deliveries"):
        deliveries.forget_ended()


def _home() -> Settings:
    from realty_assets.home import prepare_home
    from realty_assets.settings import get_settings

    settings = get_settings()
    prepare_home(settings.home)
    return settings


def _warehouse() -> Warehouse:
    from realty_assets.settings import get_settings
    from realty_assets.warehouse import Warehouse

    return Warehouse.at(get_settings().warehouse_path)


def _full_run(settings: Settings, progress: Progress) -> RunOutcome:
    from realty_assets import up_to_date

    done = _execute("all", progress, title="run all")
    if done.last_word and not done.kept_back:
        up_to_date.remember_full_run(settings, _warehouse(), done.run_id)
    return done


def _execute(
    job: str,
    progress: Progress,
    *,
    title: str,
    keys: list[dg.AssetKey] | None = None,
    ops: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> RunOutcome:
    from realty_assets.definitions import current_defs
    from realty_assets.recovery import recover
    from realty_assets.runs import execute, open_instance

    with progress(title) as on_step, open_instance() as instance:
        recover(instance, _warehouse())
        return execute(
            current_defs().resolve_job_def(job),
            instance,
            asset_selection=keys,
            ops=ops,
            tags=tags,
            on_step=on_step,
        )


def _select(what: str) -> list[dg.AssetKey]:
    """The assets that `what` names: a room's, or one."""
    import difflib

    from realty_assets.definitions import defs

    specs = list(defs.resolve_all_asset_specs())
    rooms = sorted({spec.group_name for spec in specs if spec.group_name})
    names = sorted(spec.key.to_user_string() for spec in specs)
    if what in rooms:
        return [spec.key for spec in specs if spec.group_name == what]
    wanted = what.replace(".", "/")
    if wanted in names:
        return [spec.key for spec in specs if spec.key.to_user_string() == wanted]
    near = difflib.get_close_matches(wanted, [*rooms, *names], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"rooms: {', '.join(rooms)}."
    raise BadRequest(f"There is no room or asset named {what!r}; {hint}")
