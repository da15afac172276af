"""The page of a day: what is red, since when, the likely cause, and how right the values were.

Everything is read from the tables of this room; the same tables give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from realty_assets.drawing import percent
from realty_assets.exploration.pictures import heat_map
from realty_assets.monitoring.causes import Origins, likely_cause
from realty_assets.monitoring.charts import Point, by_month
from realty_assets.monitoring.out_of_line import NOMINAL, newest_figures, out_of_line
from realty_assets.monitoring.populations import SALES
from realty_assets.monitoring.slices_out_of_line import slices_out_of_line
from realty_assets.monitoring.words import METHODS, bounds, farthest, of_slice, reach, where
from realty_assets.pages import environment
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

Row = dict[str, Any]
TEMPLATES = Path(__file__).parent / "templates"
FOLDER = Path("reports") / "monitoring"
INPUTS = (
    *("monitoring.drift", "monitoring.performance", "monitoring.alerts", "features.registry"),
    "monitoring.expected_errors",
)
MOST_SHOWN, MOST_MONTHS = 24, 24
FIGURES = (
    ("mdape", "Median error (MdAPE)", percent, None),
    ("coverage_90", "Share inside the 90% interval", percent, NOMINAL),
    ("median_ratio", "Median ratio of value to price", lambda x: f"{x:.2f}", 1.0),
)


def gather(warehouse: Warehouse, today: date) -> dict[str, list[Row]]:
    """Rows of every query of the page, as of `today`."""
    names: dict[str, tuple[str, dict[str, Any]]] = {
        "open": ("open_breaches", {"today": today}),
        "judged": ("judged_counts", {"today": today}),
        "shown": ("shown_drift", {"today": today, "most": MOST_SHOWN}),
        "performance": ("performance_shown", {"today": today}),
        "slices": ("performance_of_slices", {"today": today}),
        "sources": ("feature_sources", {}),
        "alerts": ("unresolved_alerts", {}),
        "expected": ("expected_shown", {"today": today}),
    }
    with warehouse.transaction() as tx:
        return {
            key: tx.read(sql(f"monitoring/{name}.sql").bind(**params)).to_dicts()
            for key, (name, params) in names.items()
        }


def page(facts: dict[str, list[Row]], today: date) -> str:
    """The page as HTML that needs nothing beside it."""
    told = findings(facts)
    return (
        environment(TEMPLATES)
        .get_template("day.html.j2")
        .render(
            today=today,
            findings=told,
            verdict=verdict(told),
            judged=facts["judged"],
            charts=_charts(facts["performance"]),
            expected=newest_expected(facts["expected"]),
            expected_charts=_expected_charts(facts["expected"]),
            newest=newest_figures(facts["performance"]),
            picture=_picture(facts["shown"]),
            alerts=facts["alerts"],
            percent=percent,
        )
    )


def findings(facts: dict[str, list[Row]]) -> list[Row]:
    """What is red or amber: breaches of one cause together, critical ones first, then the oldest.

    Each has severity, cause, since, n_features, worst (the breach that is farthest beyond its
    threshold) and where (populations and tracks).
    """
    origins = Origins(
        {row["feature"]: row["family"] for row in facts["sources"]},
        {row["feature"]: row["source_columns"] for row in facts["sources"]},
    )
    by_cause: dict[str, list[Row]] = {}
    for row in facts["open"]:
        by_cause.setdefault(likely_cause(row, facts["open"], origins), []).append(row)
    told = [_finding(cause, rows) for cause, rows in by_cause.items()]
    told += _performance_findings(facts["performance"])
    told += _slice_findings(facts.get("slices", ()))
    return sorted(told, key=lambda row: (row["severity"], row["since"], row["cause"]))


def verdict(told: Sequence[Row]) -> tuple[str, str]:
    """(severity, sentence) of the day."""
    n_critical = sum(row["severity"] == "critical" for row in told)
    n_warn = len(told) - n_critical
    if not told:
        return "calm", "Nothing stands out."
    since = min(row["since"] for row in told)
    parts = [f"{n} {word}" for n, word in ((n_critical, "critical"), (n_warn, "to watch")) if n]
    return (
        "critical" if n_critical else "warn",
        f"{' and '.join(parts)}; the oldest since {since:%Y-%m}.",
    )


def _finding(cause: str, rows: Sequence[Row]) -> Row:
    worst = max(rows, key=reach)
    critical = any(row["severity"] == "critical" for row in rows)
    return {
        "severity": "critical" if critical else "warn",
        "cause": cause,
        "since": min(row["since"] for row in rows),
        "month": max(row["month"] for row in rows),
        "n_consecutive": max(row["n_consecutive"] for row in rows),
        "n_features": len({row["feature"] for row in rows}),
        "where": ", ".join(sorted({where(row) for row in rows})),
        "worst": farthest(worst),
    }


def _performance_findings(rows: Sequence[Row]) -> list[Row]:
    told = ("severity", "cause", "since", "month", "n_consecutive")
    return [
        {
            **{name: row[name] for name in told},
            "n_features": 1,
            "where": f"closed sales {row['track']}",
            "worst": bounds(row),
        }
        for row in out_of_line(rows)
    ]


def _slice_findings(rows: Sequence[Row]) -> list[Row]:
    told = ("severity", "cause", "since", "month", "n_consecutive")
    return [
        {
            **{name: row[name] for name in told},
            "n_features": 1,
            "where": f"closed sales {row['track']} ({row['slice']})",
            "worst": of_slice(row),
        }
        for row in slices_out_of_line(rows)
    ]


def _charts(rows: Sequence[Row]) -> list[Row]:
    """A chart of each of FIGURES for every track that has any."""
    charts = []
    for track in sorted({row["track"] for row in rows}):
        drawn = []
        for metric, title, form, mark in FIGURES:
            points = [
                Point(f"{row['month']:%Y-%m}", row["value"], row["low"], row["high"])
                for row in rows
                if row["track"] == track and row["metric"] == metric and row["value"] is not None
            ][-MOST_MONTHS:]
            if points:
                summary = f"{len(points)} months, the newest {form(points[-1].value)}"
                svg = by_month(points, form, title=title, summary=summary, mark=mark)
                drawn.append({"title": title, "svg": svg})
        if drawn:
            charts.append({"track": track, "figures": drawn})
    return charts


def newest_expected(rows: Sequence[Row]) -> list[Row]:
    """The newest month of each track and population, both figures by name."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:  # by month
        key = row["track"], row["population"]
        if key not in found or found[key]["month"] != row["month"]:
            found[key] = {name: row[name] for name in ("track", "population", "month", "n")}
        found[key][row["metric"]] = row
    return [found[key] for key in sorted(found)]


def _expected_charts(rows: Sequence[Row]) -> list[Row]:
    """Of every track with closed sales: the expected MdAPE by month, the realised over it."""
    charts = []
    for track in sorted({row["track"] for row in rows}):
        points = [
            Point(
                f"{row['month']:%Y-%m}", row["expected"], row["low"], row["high"], row["realised"]
            )
            for row in rows
            if (row["track"], row["population"], row["metric"]) == (track, SALES, "mdape")
        ][-MOST_MONTHS:]
        if points:
            title = "Expected median error, with the realised over it"
            summary = f"{len(points)} months, the newest {percent(points[-1].value)}"
            charts.append(
                {"track": track, "svg": by_month(points, percent, title=title, summary=summary)}
            )
    return charts


def _picture(rows: Sequence[Row]) -> Any:
    """A heat map of what stands out most, as shares of its threshold."""
    if not rows:
        return None
    names: dict[str, dict[date, float]] = {}
    for row in rows:
        name = f"{row['feature'][:22]}, {METHODS[row['method']][:4]}"
        reached = names.setdefault(f"{name} {row['track'][:2]}", {})
        reached[row["month"]] = max(row["reach"] or 0.0, reached.get(row["month"], 0.0))
    months = sorted({row["month"] for row in rows})[-MOST_MONTHS:]
    return heat_map(
        list(names),
        [f"{month:%Y-%m}" for month in months],
        [[reached.get(month) for month in months] for reached in names.values()],
        title="Drift by feature and month",
        summary="as a share of its threshold; the strongest colour is at and beyond it",
        full=1.0,
    )
