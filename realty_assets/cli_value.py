"""`realty value`: one listing's value on the screen, or a file of homes valued into another."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from realty_assets import cli_actions as actions
from realty_assets import cli_output as out

if TYPE_CHECKING:
    from realty_assets.serving.on_demand import Answer
    from realty_assets.serving.request_file import RequestFile


def value(
    listing_key: Annotated[
        str | None, typer.Argument(help="A listing of this home; or give --in and --out.")
    ] = None,
    request: Annotated[
        Path | None, typer.Option("--in", help="CSV or xlsx with one home in each row.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="CSV or xlsx to write: each row with its value.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Day of the values, YYYY-MM-DD; default: today.")
    ] = None,
    track: Annotated[
        str, typer.Option(help="What may be known: off_market, at_listing or on_market.")
    ] = "off_market",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for a program to read.")
    ] = False,
) -> None:
    """The value of one listing, or of every home of a file, with its 90% interval."""
    if listing_key is not None and request is None and to is None and as_of is None:
        out.show(actions.value(listing_key, track), as_json)
        return
    if listing_key is not None or request is None or to is None:
        raise typer.BadParameter(
            "give a listing key (with it --track), or --in FILE and --out FILE (with them --as-of, "
            "--track)"
        )
    out.show(value_file(request, to, as_of, track, out.progress), as_json)


def value_file(
    path: Path, to: Path, as_of: str | None, track: str, progress: out.Progress
) -> dict[str, Any]:
    """Values the homes of a file into another; what became of its rows."""
    from realty_assets.features.assets import feature_settings
    from realty_assets.home import prepare_home
    from realty_assets.modeling.settings import PROFILES
    from realty_assets.serving.on_demand import value_request
    from realty_assets.serving.request_columns import telling
    from realty_assets.serving.request_file import read_request
    from realty_assets.serving.speaking import Training
    from realty_assets.serving.values import ESTIMATE
    from realty_assets.serving.values_file import check_output, write_values
    from realty_assets.settings import get_settings
    from realty_assets.warehouse import Warehouse

    day = _day(as_of)
    actions.check_track(track)
    settings = get_settings()
    prepare_home(settings.home)
    check_output(to, path)
    request = read_request(path, telling)
    model = PROFILES[settings.profile].with_seed(settings.seed)
    with progress("value") as on_step:
        on_step("step", f"{len(request.rows):,} homes", None)
        answer = value_request(
            Warehouse.at(settings.warehouse_path),
            request,
            Training(feature_settings(), model, settings.n_threads),
            day,
            track,
        )
        write_values(to, request, answer.read_as, answer.frame)
    return {"in": str(path), "out": str(to), **summary(request, answer), "note": ESTIMATE}


def summary(request: RequestFile, answer: Answer) -> dict[str, Any]:
    """Every row once: valued, or counted under its reason."""
    frame = answer.frame
    seen = Counter(request.rows)
    reasons = Counter(frame["reason"].drop_nulls().to_list())
    matched = Counter(frame["matched_by"].drop_nulls().to_list())
    return {
        "as_of": answer.as_of,
        "track": answer.track,
        "model_version": answer.speaker.valuer.model_version,
        "speaks": answer.speaker.note,
        **({"sheet": request.sheet} if request.sheet else {}),
        "n_lines_above_headings": request.n_above,
        "n_rows": frame.height,
        "n_valued": frame["value"].drop_nulls().len(),
        "n_without_value": frame["value"].null_count(),
        "n_repeated_rows": sum(n - 1 for row, n in seen.items() if any(row)),
        "n_with_overrides": frame["overrides"].drop_nulls().len(),
        "matched_by": dict(sorted(matched.items())),
        "read_as": answer.read_as,
        "passed_through": [name for name in request.headings if name not in answer.read_as],
        "reasons": [{"reason": reason, "n_rows": n} for reason, n in reasons.most_common()],
    }


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise actions.BadRequest(
            f"--as-of {text!r} is not a day of the form YYYY-MM-DD."
        ) from error
