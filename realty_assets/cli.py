"""`realty`: one verb for each thing a user wants. Thin: it parses, calls, and prints.

Bad input ends with exit code 1 (2 for a wrong command line) and one sentence, never a traceback.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from realty_assets import cli_actions as actions
from realty_assets import (
    cli_alerts,
    cli_costs,
    cli_duty,
    cli_evaluate,
    cli_evidence,
    cli_explore,
    cli_model,
    cli_operations,
    cli_promote,
    cli_quarantine,
    cli_ratio_study,
    cli_retain,
    cli_retrain,
    cli_sales,
    cli_sources,
    cli_value,
)
from realty_assets import cli_output as out
from realty_assets.errors import RealtyError

app = typer.Typer(
    name="realty",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From MLS exports and listing photos to home valuations with audited intervals.",
)
app.add_typer(cli_quarantine.app)
app.add_typer(cli_sources.app)
app.add_typer(cli_sales.app)
app.add_typer(cli_model.app)
app.add_typer(cli_alerts.app)
app.add_typer(cli_retain.app)
app.add_typer(cli_costs.app)
FILE_COLUMNS = [
    *["file_name", "status", "rows_read", "rows_staged", "rows_quarantined", "rows_unchanged"]
]
SLICE_COLUMNS = ["slices", "n", "mdape", "ppe10", "r2", "cod", "median_ratio", "coverage_90"]
INTERRUPTED = 130
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


@app.callback()
def _home(
    home: Annotated[
        Path | None, typer.Option("--home", help="Folder of the market (default: $REALTY_HOME).")
    ] = None,
) -> None:
    actions.enter_home(home)


@app.command()
def sample(
    to: Annotated[Path, typer.Option("--out", help="Folder to write to; must be empty or new.")],
    listings: Annotated[int, typer.Option(min=1, help="Number of listings.")] = 6000,
    months: Annotated[int, typer.Option(min=3, help="Months of history.")] = 30,
    photos: Annotated[int, typer.Option(min=0, help="Number of photo files.")] = 240,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 7,
    as_json: Json = False,
) -> None:
    """Write a Houston-like sample market: exports, photos and an answer key."""
    out.show(actions.make_sample(to, listings, months, photos, seed, out.progress), as_json)


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of files.")],
    source: Annotated[
        str | None, typer.Option(help="Name of a built-in mapping, or your own YAML file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take exports and photos into staging; everything that comes is accounted for."""
    report = actions.ingest(paths, source, out.progress)
    out.show(report, as_json, {"files": FILE_COLUMNS})
    refused = [row for row in report["files"] if row["status"] in ("refused", "blocked")]
    sentences = [row["reason"] for row in refused] + report.get("photos_refused", [])
    for sentence in sentences:
        out.fail(sentence)
    if sentences:
        raise typer.Exit(1)


@app.command()
def run(
    what: Annotated[str, typer.Argument(help="'all', a room, or an asset (schema/table).")] = "all",
    force: Annotated[
        bool, typer.Option("--force", help="Start a run even when nothing has changed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Materialize the graph, a room or one asset; what has not changed is reused."""
    out.show(actions.run(what, out.progress, force), as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """What the home holds: files, rows, tables, the champion, and what waits."""
    out.show(actions.status(), as_json)


@app.command()
def backtest(
    from_month: Annotated[str, typer.Option("--from", help="First month, YYYY-MM.")],
    to_month: Annotated[str, typer.Option("--to", help="Last month (inclusive), YYYY-MM.")],
    track: Annotated[str, typer.Option(help="What may be known: off_market.")] = "off_market",
    predictions: Annotated[
        Path | None, typer.Option("--out", help="CSV file for one row per sale of the window.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Rolling-origin backtest by month; nothing of a test month is seen before it."""
    report = actions.backtest(from_month, to_month, track, predictions, out.progress)
    out.show(report, as_json, {"slices": SLICE_COLUMNS})


@app.command()
def report(
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    as_json: Json = False,
) -> None:
    """Where the HTML report is (made anew when something changed)."""
    out.show(actions.report(open_it, out.progress), as_json)


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3000,
) -> None:
    """Open the Dagster UI on this home (an empty one gets the sample market in its inbox)."""
    raise typer.Exit(actions.serve_ui(port, out.progress))


@app.command()
def fingerprint(
    tables: Annotated[list[str] | None, typer.Argument(help="schema.table; default: all.")] = None,
    as_json: Json = False,
) -> None:
    """What the tables hold, as hashes free of row order and of wall-clock columns."""
    found = actions.fingerprint(tables or [])
    out.show(found if as_json else {"tables": found}, as_json)


@app.command(hidden=True)
def dictionary(
    to: Annotated[Path, typer.Option("--out", help="Markdown file to write.")],
) -> None:
    """Write the data dictionary: contract, rules, and every table of this home."""
    out.show(actions.dictionary(to), False)


@app.command()
def demo(
    listings: Annotated[int, typer.Option(min=500)] = 6000,
    months: Annotated[int, typer.Option(min=12)] = 30,
    photos: Annotated[int, typer.Option(min=0)] = 240,
) -> None:
    """The whole road on the sample market, with progress."""
    out.show(actions.demo(listings, months, photos, out.progress), False)


app.command()(cli_explore.explore)
app.command()(cli_promote.promote)
app.command()(cli_promote.rollback)
app.command()(cli_promote.demote)
app.command("block-source")(cli_sources.block)
app.command("unblock-source")(cli_sources.unblock)
app.command()(cli_value.value)
app.command()(cli_evaluate.evaluate)
app.command()(cli_ratio_study.ratio_study)
app.command()(cli_operations.backup)
app.command()(cli_operations.restore)
app.command()(cli_operations.doctor)
app.command()(cli_operations.pause)
app.command()(cli_operations.resume)
app.command()(cli_retrain.retrain)
app.command()(cli_retrain.replay)
app.command()(cli_duty.withdraw)
app.command()(cli_duty.reinstate)
app.command()(cli_duty.rescore)
app.command()(cli_evidence.evidence)
app.command()(cli_evidence.review)


def main() -> None:
    """Entry point: errors that a user can act on are one sentence on stderr."""
    code = run_command()
    sys.stdout.flush()
    sys.stderr.flush()
    if code != INTERRUPTED:
        actions.forget_ended_deliveries()
    # At once: a kill while the interpreter is taken down must not find a told command half ended.
    os._exit(code)


def run_command() -> int:
    """Runs what sys.argv says; the exit code."""
    try:
        app()
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except RealtyError as error:
        out.fail(str(error))
        return 1
    except KeyboardInterrupt:
        out.fail("Interrupted; run the same command again to go on.")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the last resort: a sentence here, the trace in a file)
        out.fail(actions.unexpected(error))
        return 1
    return 0


if __name__ == "__main__":
    main()
