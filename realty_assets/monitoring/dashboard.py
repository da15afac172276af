"""The page of a day: what is red, since when, the likely cause, and how right the values were.

Everything is read from the tables of this room; the same tables give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any

from realty_assets.drawing import percent
from realty_assets.evaluation.acceptable import within
from realty_assets.exploration.pictures import heat_map
from realty_assets.monitoring.causes import Origins, likely_cause
from realty_assets.monitoring.charts import Point, by_month
from realty_assets.pages import environment
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

Row = dict[str, Any]
TEMPLATES = Path(__file__).parent / "templates"
FOLDER = Path("reports") / "monitoring"
INPUTS = ("monitoring.drift", "monitoring.performance", "features.registry")
MOST_SHOWN, MOST_MONTHS, NOMINAL = 24, 24, 0.90
METHODS = {
    "psi": "PSI",
    "ks": "KS distance",
    "null_share": "more empty cells",
    "jensen_shannon": "Jensen-Shannon distance",
    "unseen_share": "never seen before",
    "row_count": "ln(rows / usual)",
}
FIGURES = (
    ("mdape", "Median error (MdAPE)", percent, None),
    ("coverage_90", "Share inside the 90% interval", percent, NOMINAL),
    ("median_ratio", "Median ratio of value to price", lambda x: f"{x:.2f}", 1.0),
)
# A figure of closed sales, what it means when it is out of line, and when it is.
WRONG: tuple[tuple[str, str, Callable[[Row], bool]], ...] = (
    (
        "coverage_90",
        "Intervals hold fewer sales than they promise.",
        lambda row: row["high"] < NOMINAL,
    ),
    (
        "median_ratio",
        "Values lie too high or too low as a whole.",
        lambda row: within("median_ratio", row["value"]) is False,
    ),
)


def gather(warehouse: Warehouse, today: date) -> dict[str, list[Row]]:
    """Rows of every query of the page, as of `today`."""
    names: dict[str, tuple[str, dict[str, Any]]] = {
        "open": ("open_breaches", {"today": today}),
        "judged": ("judged_counts", {"today": today}),
        "shown": ("shown_drift", {"today": today, "most": MOST_SHOWN}),
        "performance": ("performance_shown", {"today": today}),
        "sources": ("feature_sources", {}),
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
            newest=newest_figures(facts["performance"]),
            picture=_picture(facts["shown"]),
            methods=METHODS,
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
    worst = max(rows, key=lambda row: abs(row["value"]) / row["threshold"])
    critical = any(row["severity"] == "critical" for row in rows)
    return {
        "severity": "critical" if critical else "warn",
        "cause": cause,
        "since": min(row["since"] for row in rows),
        "month": max(row["month"] for row in rows),
        "n_consecutive": max(row["n_consecutive"] for row in rows),
        "n_features": len({row["feature"] for row in rows}),
        "where": ", ".join(sorted({_where(row) for row in rows})),
        "worst": f"{worst['feature']}: {METHODS[worst['method']]} {worst['value']:.3g} "
        f"(told of from {worst['threshold']:.3g}; {worst['n']:,} rows)",
    }


def _where(row: Row) -> str:
    track = "" if row["track"] == "all" else f" {row['track']}"
    return row["population"] + track + ("" if row["slice"] == "all" else f" ({row['slice']})")


def _performance_findings(rows: Sequence[Row]) -> list[Row]:
    """Figures of a track's newest month that are out of line: coverage whose interval lies below
    nominal, a median ratio that is not acceptable. Two months in a row are critical."""
    told = []
    for row in newest_figures(rows):
        for metric, sentence, wrong in WRONG:
            own = [r for r in rows if (r["track"], r["metric"]) == (row["track"], metric)]
            run = list(takewhile(wrong, sorted(own, key=lambda r: r["month"], reverse=True)))
            if run:
                seen = run[0]
                told.append(
                    {
                        "severity": "critical" if len(run) > 1 else "warn",
                        "cause": sentence,
                        "since": run[-1]["month"],
                        "month": seen["month"],
                        "n_consecutive": len(run),
                        "n_features": 1,
                        "where": f"closed sales {row['track']}",
                        "worst": f"{metric} {seen['value']:.3g} ({seen['low']:.3g} to "
                        f"{seen['high']:.3g}; {seen['n']:,} sales)",
                    }
                )
    return told


def newest_figures(rows: Sequence[Row]) -> list[Row]:
    """The newest month of each track that has any: month, n, maturity_share, figures by name."""
    found = []
    for track in sorted({row["track"] for row in rows}):
        own = [row for row in rows if row["track"] == track and row["value"] is not None]
        if own:
            month = max(row["month"] for row in own)
            last = [row for row in own if row["month"] == month]
            found.append(
                {
                    "track": track,
                    "month": month,
                    "n": last[0]["n"],
                    "n_expected": last[0]["n_expected"],
                    "maturity_share": last[0]["maturity_share"],
                    "figures": {row["metric"]: row for row in last},
                }
            )
    return found


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


def _picture(rows: Sequence[Row]) -> Any:
    """A heat map of what stands out most, as shares of its threshold."""
    if not rows:
        return None
    names: dict[str, dict[date, float]] = {}
    for row in rows:
        name = f"{row['feature'][:22]}, {METHODS[row['method']][:4]}"
        reach = names.setdefault(f"{name} {row['track'][:2]}", {})
        reach[row["month"]] = max(row["reach"] or 0.0, reach.get(row["month"], 0.0))
    months = sorted({row["month"] for row in rows})[-MOST_MONTHS:]
    return heat_map(
        list(names),
        [f"{month:%Y-%m}" for month in months],
        [[reach.get(month) for month in months] for reach in names.values()],
        title="Drift by feature and month",
        summary="as a share of its threshold; the strongest colour is at and beyond it",
        full=1.0,
    )
