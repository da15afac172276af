"""The parts of the report: from rows of the report's queries to what the template shows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence, Set
from datetime import date
from typing import Any

from realty_assets.cleaning.rules import RULE_SENTENCES
from realty_assets.evaluation.arrays import MIN_SALES, TOO_SMALL
from realty_assets.ingestion.rules import RULES
from realty_assets.serving import charts
from realty_assets.serving.report_maps import error_map_part, value_map_part
from realty_assets.serving.report_text import (
    FORMS,
    HEADLINE,
    MEASURES,
    Row,
    figure,
    number,
    span_of_months,
)
from realty_assets.serving.report_tracks import side_by_side

MONTH, QUARTILE = "month ", "predicted price quartile "
MOST_RULES = 12
MOST_MONTHS = 9
Facts = Mapping[str, Sequence[Row]]


def page(facts: Facts, there: Set[str]) -> dict[str, Any]:
    """Everything the template shows, of the facts and the names of the tables that are there."""
    slices = {row["slice"]: row for row in facts["backtest"]}
    valued = {row["reason"]: row for row in facts["valued"]}
    return {
        "place": place_name(facts),
        "market": facts["market"][0] if facts["market"] else None,
        "as_of": next((row["as_of"] for row in facts["valued"]), None),
        "accuracy": accuracy(slices),
        **side_by_side(facts),
        "scatter": scatter_part(facts),
        "error_map": error_map_part(facts),
        "by_month": by_slice(slices, MONTH),
        "by_price": by_slice(slices, QUARTILE),
        "index": index_part(facts["index"]),
        "files": files_part(facts),
        "exclusions": exclusions_part(facts) if "clean.exclusions" in there else None,
        "n_excluded": sum(row["n_sales"] for row in facts["exclusions"]),
        "aliases": {row["alias"]: row for row in facts["aliases"]},
        "decisions": [{**row, "gates": json.loads(row["gates"])} for row in facts["decisions"]],
        "valued": valued.get(None),
        "not_valued": [row for reason, row in valued.items() if reason is not None],
        "homes": homes_part(facts["valuations"]),
        "value_map": value_map_part(facts),
        "min_sales": MIN_SALES,
        "too_small": TOO_SMALL,
    }


def exclusions_part(facts: Facts) -> list[Row]:
    """Rules that keep sales out of training: how many sales, and how many of them in the window."""
    judged = {row["rule_id"]: row["n_judged"] for row in facts["judged"]}
    return [
        {
            **row,
            "sentence": RULE_SENTENCES.get(row["rule_id"], ""),
            "n_judged": judged.get(row["rule_id"], 0),
        }
        for row in facts["exclusions"]
    ]


def place_name(facts: Facts) -> str:
    """What the market is called: its counties, or else its sources."""
    found = facts["counties"]
    if found:
        names = [row["county"].strip().removesuffix(" County")[:40] for row in found]
        state = found[0]["state"]
        where = f", {state}" if state and all(row["state"] == state for row in found) else ""
        if len(names) == 1:
            return f"{names[0]} County{where}"
        if len(names) <= 3:
            return f"{', '.join(names[:-1])} and {names[-1]} counties{where}"
        return f"{', '.join(names[:2])} and {len(names) - 2} more counties{where}"
    sources = facts["market"][0]["sources"] if facts["market"] else None
    return " and ".join(sources) if sources else "No market yet"


def accuracy(slices: Mapping[str, Row]) -> Row | None:
    """The figures of all sales of the window and, beside them, of the valid ones."""
    if "all" not in slices:
        return None
    both = {name: slices[name] for name in ("all", "valid") if name in slices}
    table: list[Row] = [
        {"measure": measure, "cells": {name: figure(row, measure) for name, row in both.items()}}
        for measure in MEASURES
    ]
    every = both["all"]
    return {
        "all": every,
        "when": ("in " if every["window_from"] == every["window_to"] else "from ")
        + span_of_months(every["window_from"], every["window_to"]),
        "slices": both,
        "window": span_of_months(every["window_from"], every["window_to"]),
        "n_months": sum(name.startswith(MONTH) for name in slices),
        "headline": [entry for entry in table if entry["measure"].key in HEADLINE],
        "table": table,
    }


def scatter_part(facts: Facts) -> Row | None:
    """Predicted against sold, and the same by band of price."""
    points = facts["points"]
    if not points:
        return None
    layers = [
        (css, [(r["close_price"], r["prediction"]) for r in points if r["excluded"] is excluded])
        for css, excluded in (("sale", False), ("excluded", True))
    ]
    n = sum(row["n"] for row in facts["price_bands"])
    chart = charts.scatter(
        layers,
        title="Value against sale price",
        summary=f"{len(points)} sales on logarithmic axes; a perfect value lies on the diagonal",
        x_label="sold for",
        y_label="valued at",
    )
    return {
        "chart": chart,
        "n": n,
        "n_drawn": len(points),
        "n_excluded": len(layers[1][1]),
        "bands": facts["price_bands"],
    }


def by_slice(slices: Mapping[str, Row], prefix: str) -> Row | None:
    """Error and coverage of the slices whose name begins so."""
    found = {
        slice_label(name.removeprefix(prefix)): row
        for name, row in sorted(slices.items())
        if name.startswith(prefix)
    }
    if not found:
        return None
    what = "month" if prefix == MONTH else "quarter of the sales by predicted price"

    def estimates(key: str) -> list[charts.Estimate]:
        ends = (key, f"{key}_low", f"{key}_high")
        return [
            charts.Estimate(name, *(number(row.get(end)) for end in ends))
            for name, row in found.items()
        ]

    error = charts.whiskers(
        estimates("mdape"),
        title=f"Median error by {what}",
        summary="With 95% intervals",
        show=FORMS["pct"],
        empty=TOO_SMALL,
    )
    coverage = charts.whiskers(
        estimates("coverage_90"),
        title=f"Coverage of the 90% interval by {what}",
        summary="With exact 95% intervals, against the stated 90%",
        reference=0.9,
        reference_label="stated 90%",
        show=FORMS["pct"],
        empty=TOO_SMALL,
    )
    shown = [measure for measure in MEASURES if measure.key in (*HEADLINE, "median_width_ratio")]
    rows = [
        {"name": name, "n": row["n"], "cells": [figure(row, measure) for measure in shown]}
        for name, row in found.items()
    ]
    return {"error": error, "coverage": coverage, "rows": rows, "measures": shown}


def slice_label(name: str) -> str:
    """2024-04 -> Apr 2024; 1 -> 1, lowest."""
    if "-" in name:
        return f"{date.fromisoformat(name + '-01'):%b %Y}"
    return {"1": "1, lowest", "4": "4, highest"}.get(name, name)


def index_part(rows: Sequence[Row]) -> Row | None:
    """The newest vintage as a line, its first month at 100."""
    known = [row for row in rows if not row["forecast"]]
    if len(rows) < 2 or not known:
        return None
    level = [100 * math.exp(row["index_log"] - rows[0]["index_log"]) for row in rows]
    names = [f"{row['month']:%b %y}" for row in rows]
    last = len(known) - 1
    back = min(12, last)
    return {
        "chart": charts.line(
            level[: len(known)],
            level[len(known) :],
            names,
            title="Market index",
            summary=f"100 in {names[0]}, {level[last]:.1f} in {names[last]}, then a forecast",
        ),
        "vintage": rows[0]["vintage"],
        "last_month": known[-1]["month"],
        "change": level[last] / level[last - back] - 1 if back else None,
        "n_back": back,
        "n_forecast": len(rows) - len(known),
        "n_shown": MOST_MONTHS,
        "rows": [{**row, "level": value} for row, value in zip(rows, level, strict=True)],
    }


def files_part(facts: Facts) -> Row | None:
    """Where every row that was read has gone."""
    files = facts["files"]
    if not files:
        return None
    keys = [key for key in files[0] if key != "source"]

    def told(rows: Sequence[Row]) -> list[Row]:
        return [
            {**row, "sentence": RULES[row["rule_id"]].sentence if row["rule_id"] in RULES else ""}
            for row in rows[:MOST_RULES]
        ]

    total = {key: sum(row[key] for row in files) for key in keys}
    kept = total["rows_staged"] + total["rows_quarantined"] + total["rows_unchanged"]
    return {
        "sources": files,
        "total": total,
        "kept": kept,
        "refused": facts["refused"],
        "quarantine": told(facts["quarantine"]),
        "n_quarantine_rules": len(facts["quarantine"]),
        "flags": told(facts["flags"]),
        "n_flag_rules": len(facts["flags"]),
    }


def homes_part(rows: Sequence[Row]) -> Row | None:
    """The dearest homes, each with a bar that shows its interval beside all others."""
    if not rows:
        return None
    ratios = [row[key] / row["value"] for row in rows for key in ("lower_90", "upper_90")]
    scale = charts.Scale(min(*ratios, 0.8) - 0.02, max(*ratios, 1.25) + 0.02, 4, 116)
    homes = []
    for row in rows:
        listed = row["list_price"]
        ratio = listed / row["value"] if listed else None
        bar = charts.span_bar(
            row["lower_90"] / row["value"], row["upper_90"] / row["value"], ratio, scale
        )
        homes.append(
            {**row, "bar": bar, "against_list": row["value"] / listed - 1 if listed else None}
        )
    return {"rows": homes, "any_list_price": any(row["list_price"] for row in rows)}
