"""`realty evaluate`: how good the values are, and how we know; one command for all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from realty_assets import cli_actions as actions
from realty_assets import cli_output as out
from realty_assets.errors import RealtyError

if TYPE_CHECKING:
    from realty_assets.warehouse import Warehouse

_POINT = ("n", "mdape", "mdape_low", "mdape_high", "ppe10", "r2", "cod")
_PAIR = ("error_difference", "error_difference_low", "error_difference_high")
# What of each table is printed, and of that, what a person sees.
SHOWN = {
    "splits": ("split", "model", *_POINT, *_PAIR, "training_saw", "note"),
    "baselines": ("baseline", *_POINT, "own_share", *_PAIR, "verdict", "note"),
    "rivals": (
        *("rival", "n", "model_mdape", "rival_mdape", *_PAIR),
        *("mdape_difference", "mdape_difference_low", "mdape_difference_high"),
        *("verdict", "n_file_rows", "n_ambiguous", "n_file_unmatched", "n_sales_unmatched"),
        *("n_without_prediction", "note"),
    ),
    "ratio_study": (
        *("sales", "trimmed", "statistic", "n", "value", "value_low", "value_high"),
        *("acceptable_low", "acceptable_high", "acceptable", "note"),
    ),
    "segments": (
        *("family", "segment", "sales", *_POINT, "prd", "prb", "coverage_90"),
        *("coverage_90_low", "coverage_90_high", "median_width_ratio", "note"),
    ),
}
FOR_PEOPLE = {
    "splits": ["split", "model", "n", "mdape", "ppe10", "error_difference"],
    "baselines": ["baseline", "n", "mdape", "ppe10", "error_difference", "verdict"],
    "rivals": ["rival", "n", "model_mdape", "rival_mdape", *_PAIR, "verdict"],
    "ratio_study": ["sales", "trimmed", "statistic", "n", "value", "acceptable"],
    "segments": ["family", "segment", "n", "mdape", "ppe10", "cod", "coverage_90", "note"],
}


class NothingToEvaluate(RealtyError):
    """There is no backtest of the kind that was asked for."""


def evaluate(
    from_month: Annotated[
        str, typer.Option("--from", help="First month, YYYY-MM; default: the headline's.")
    ] = "",
    to_month: Annotated[str, typer.Option("--to", help="Last month (inclusive), YYYY-MM.")] = "",
    track: Annotated[str, typer.Option(help="One track; default: all that have a backtest.")] = "",
    rivals: Annotated[
        Path | None,
        typer.Option(help="CSV: parcel_number (or listing_key), close_date, one column a rival."),
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for a program to read.")
    ] = False,
) -> None:
    """Honest evaluation: splits side by side, baselines, ratio study, segments, rivals."""
    report = run(from_month, to_month, track, rivals)
    if open_it:
        import webbrowser

        webbrowser.open(Path(report["page"]).as_uri())
    if not as_json:
        everything = {"all", "predicted price quartile", "month", "age", "photos", "market"}
        report["segments"] = [
            row
            for row in report["segments"]
            if row["family"] in everything and row["sales"] == "all"
        ]
    one = len(report["backtests"]) == 1
    columns = {
        name: shown if one else ["backtest_id", *shown] for name, shown in FOR_PEOPLE.items()
    }
    out.show(report, as_json, columns)


def run(from_month: str, to_month: str, track: str, rivals: Path | None) -> dict[str, Any]:
    """Makes what is missing and tells of it. Raises RealtyError with one sentence."""
    from realty_assets.modeling.judging import making
    from realty_assets.modeling.judging.keeping import CHOSEN_BY, chosen
    from realty_assets.modeling.judging.rivals import read_rivals
    from realty_assets.settings import get_settings
    from realty_assets.warehouse import Warehouse

    if rivals is not None:
        read_rivals(rivals)  # before hours of work, not after
    wanted = _backtest(from_month, to_month, track)
    warehouse = Warehouse.at(get_settings().warehouse_path)
    if not warehouse.exists(making.PREDICTIONS):
        raise NothingToEvaluate(
            "No backtest has been made yet: give `realty run all` first, or name a window with "
            "--from and --to."
        )
    predictions = warehouse.read(making.PREDICTIONS, columns=CHOSEN_BY)
    names = [wanted] if wanted else chosen(predictions, "")
    tracks = dict(predictions.select("backtest_id", "track").unique().iter_rows())
    names = [name for name in names if not track or tracks[name] == track]
    if not names:
        known = ", ".join(sorted(set(tracks.values())))
        raise NothingToEvaluate(
            f"There is no backtest of the track {track!r}; there are some of: {known}."
        )
    only = names[0] if len(names) == 1 else ""
    ops = {
        "modeling__evaluation_splits": {"config": {"train": True, "backtest_id": only}},
        "modeling__evaluation_rivals": {
            "config": {"file": str(rivals.resolve()) if rivals else "", "backtest_id": only}
        },
    }
    done = actions._execute("evaluate", out.progress, title="evaluate", ops=ops)
    return {
        "run_id": done.run_id,
        "wall_s": round(done.wall_s, 2),
        "backtests": names,
        **tell(warehouse, names),
    }


def _backtest(from_month: str, to_month: str, track: str) -> str:
    """Makes the backtest of a window that was asked for; gives its id, or nothing without one."""
    from realty_assets.evaluation.splits import parse_month
    from realty_assets.modeling.backtest import backtest_id
    from realty_assets.modeling.backtest_report import check_window, op_config

    actions._home()
    if not from_month and not to_month:
        return ""
    window = check_window(from_month or to_month, to_month or from_month, track or "off_market")
    actions._execute("backtest_window", out.progress, title="backtest", ops=op_config(window))
    first, last = parse_month(window.from_month), parse_month(window.to_month)
    return backtest_id(window.track, first, last)


def tell(warehouse: Warehouse, names: list[str]) -> dict[str, Any]:
    """What the tables say of the backtests, and where the page is."""
    import polars as pl

    from realty_assets.modeling.judging import making

    tables = {
        "splits": making.SPLITS,
        "baselines": making.BASELINES,
        "rivals": making.RIVALS,
        "ratio_study": making.STUDIES,
        "segments": making.SEGMENTS,
    }
    told: dict[str, Any] = {}
    for name, table in tables.items():
        rows = warehouse.read(table).filter(pl.col("backtest_id").is_in(names))
        if "slice" in rows.columns:
            rows = rows.filter(pl.col("slice") == "all")
        told[name] = rows.select("backtest_id", *SHOWN[name]).to_dicts()
    (path,) = warehouse.read("serving.evaluation_reports")["path"]
    return {**told, "page": str(warehouse.home / path)}
