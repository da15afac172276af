"""Parts of the report that set things side by side: tracks, baselines, ways to make an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from realty_assets.features.tracks import MAY_KNOW, QUESTIONS, STANDS_ON, TRACKS
from realty_assets.serving.report_text import Measure, Row, figure, number, span_of_months

Facts = Mapping[str, Sequence[Row]]
OF_TRACK = (
    Measure("mdape", "MdAPE", "", "pct"),
    Measure("ppe10", "PPE10", "", "pct"),
    Measure("coverage_90", "Coverage", "", "pct"),
    Measure("median_width_ratio", "Median width", "", "pct"),
)
OF_BASELINE = (
    Measure("mdape", "MdAPE", "", "pct"),
    Measure("ppe10", "PPE10", "", "pct"),
    Measure("r2", "R²", "", "three"),
    Measure("cod", "COD", "", "one"),
)
OF_METHOD = (
    Measure("coverage", "Coverage", "", "pct"),
    Measure("median_width_ratio", "Median width", "", "pct"),
    Measure("winkler_ratio", "Winkler score", "", "three"),
)
METHODS = {
    "rolling": ("Rolling", "calibrated anew before each month; the one that is published"),
    "static": ("Static", "calibrated once, before the window"),
    "adaptive": ("Adaptive", "rolling, its error rate moved by what was missed the month before"),
    "symmetric": ("Plain", "symmetric split conformal on the same months: the yardstick"),
}
MODEL = "model"


def side_by_side(facts: Facts) -> dict[str, Any]:
    """Every part of this module, by its name in the template."""
    return {
        "tracks": tracks_part(facts),
        "baselines": baselines_part(facts),
        "methods": methods_part(facts),
        "pages": pages_part(facts["pages"]),
    }


def tracks_part(facts: Facts) -> Row | None:
    """The headline of every track that has one, in the order of what they know."""
    known = {row["track"]: row for row in facts["tracks"]}
    opened = {row["backtest_id"]: row for row in facts["openings"]}
    listed = {row["track"]: row for row in facts["listed"]}
    rows = [
        {
            "track": name,
            "question": QUESTIONS[name],
            "stands_on": STANDS_ON[name],
            "may_know": MAY_KNOW[name],
            "window": span_of_months(row["window_from"], row["window_to"]),
            "n": row["n"],
            "cells": [figure(row, measure) for measure in OF_TRACK],
            "opened": opened.get(row["backtest_id"]),
            "listed": listed.get(name),
        }
        for name in TRACKS
        if (row := known.get(name))
    ]
    if not rows:
        return None
    return {
        "rows": rows,
        "measures": OF_TRACK,
        "any_opened": any(row["opened"] for row in rows),
        "any_listed": any(row["listed"] for row in rows),
    }


def baselines_part(facts: Facts) -> Row | None:
    """What baselines reach on the sales of the headline; the model is the first row."""
    rows = [_baseline(row) for row in facts["baselines"]]
    if not any(row["name"] != MODEL for row in rows):
        return None
    return {"rows": rows, "measures": OF_BASELINE, "n": facts["baselines"][0]["n"]}


def _baseline(row: Row) -> Row:
    less = number(row["error_difference"])
    ends = [number(row[f"error_difference_{end}"]) for end in ("low", "high")]
    return {
        "name": row["baseline"],
        "own_share": number(row["own_share"]),
        "cells": [figure(row, measure) for measure in OF_BASELINE],
        "more_error": less,
        "more_error_ends": None if None in ends else ends,
        "verdict": row["verdict"],
    }


def methods_part(facts: Facts) -> Row | None:
    """Ways to make an interval, on the sales of the headline."""
    order = list(METHODS)
    rows = [
        {
            "name": METHODS[row["method"]][0],
            "meaning": METHODS[row["method"]][1],
            "cells": [figure(row, measure) for measure in OF_METHOD],
            "quartiles": _span(row, "quartile"),
            "months": _span(row, "month"),
        }
        for row in sorted(
            (row for row in facts["interval_methods"] if row["method"] in METHODS),
            key=lambda row: order.index(row["method"]),
        )
        if row.get("coverage") is not None
    ]
    if not rows:
        return None
    return {"rows": rows, "measures": OF_METHOD, "n": facts["interval_methods"][0]["n"]}


def _span(row: Row, what: str) -> tuple[float | None, float | None]:
    low, high = (number(row.get(f"{end}_{what}_coverage")) for end in ("lowest", "highest"))
    return low, high


def pages_part(pages: Sequence[Row]) -> list[dict[str, Any]]:
    """Links to the other pages of the home, relative to the report's own folder."""
    return [{"href": row["path"].removeprefix("reports/"), "name": row["name"]} for row in pages]
