"""`realty explore`: the hygiene reports of what is staged."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from realty_assets import cli_actions as actions
from realty_assets import cli_output as out


def explore(
    open_it: Annotated[bool, typer.Option("--open", help="Open them in the browser.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for a program to read.")
    ] = False,
) -> None:
    """Hygiene reports of the staged rows: gaps, outliers, duplicates, leaks, drift, photos."""
    done = actions.run("exploration", out.progress)
    report = reports()
    if open_it:
        import webbrowser

        webbrowser.open(report["overview"])
    out.show({"run_id": done["run_id"], **report}, as_json)


def reports() -> dict[str, Any]:
    """Where the reports of the home are, and how many findings they hold."""
    from realty_assets.exploration import making
    from realty_assets.settings import get_settings
    from realty_assets.warehouse import Warehouse

    warehouse = Warehouse.at(get_settings().warehouse_path)
    rows = warehouse.read(making.REPORTS).sort("path").select("name", "form", "path").to_dicts()
    page = warehouse.home / making.FOLDER / f"{making.OVERVIEW}.html"
    return {
        **making.counted(warehouse),
        "overview": page.as_uri(),
        "reports": [{**row, "path": str(warehouse.home / row["path"])} for row in rows],
    }
