"""The evaluation page: how honest the figures are, and where they hold, as one HTML file.

Everything on it is read from tables of the warehouse: the same tables give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES, TOO_SMALL
from realty_assets.modeling.judging import making
from realty_assets.modeling.judging.keeping import CHOSEN_BY, chosen
from realty_assets.pages import environment, write_page
from realty_assets.serving import charts
from realty_assets.serving.report import TEMPLATES
from realty_assets.serving.report_text import FORMS, number, span_of_months
from realty_assets.warehouse import Warehouse

Row = dict[str, Any]
Column = tuple[str, str, str]
PAGE = Path("reports") / "evaluation.html"
INPUTS = (
    making.PREDICTIONS,
    making.BASELINES,
    making.SEGMENTS,
    making.STUDIES,
    making.SPLITS,
    making.RIVALS,
)
# What the page tells of the predictions: which backtests they are, and how many.
OF_PREDICTIONS = (*CHOSEN_BY, "cutoff", "excluded_by")
MOST_DRAWN = 14
# (column, heading, form) of the tables; a column with _low and _high beside it has an interval.
POINT: tuple[Column, ...] = (
    ("mdape", "MdAPE", "pct"),
    ("ppe10", "PPE10", "pct"),
    ("r2", "R²", "three"),
    ("cod", "COD", "one"),
)
PAIR: tuple[Column, ...] = (("error_difference", "Mean error less", "points"),)
OF_SEGMENT: tuple[Column, ...] = (
    *POINT[:2],
    ("cod", "COD", "one"),
    ("prb", "PRB", "three"),
    ("coverage_90", "Coverage of 90%", "pct"),
    ("median_width_ratio", "Median width", "pct"),
)
STATISTICS = {
    "median_ratio": ("Median ratio", "three"),
    "cod": ("COD", "one"),
    "prd": ("PRD", "three"),
    "prb": ("PRB", "three"),
    "mki": ("MKI", "three"),
    "vei": ("VEI", "one"),
}


def write_evaluation(warehouse: Warehouse) -> pl.DataFrame:
    """Writes the page below <home>/reports/; serving.evaluation_reports. Raises PageNotWritten."""
    return write_page(warehouse.home, PAGE, build_page(warehouse), "realty run serving")


def build_page(warehouse: Warehouse) -> str:
    """The page, from the tables that are there."""
    tables = {
        name: warehouse.read(name, columns=OF_PREDICTIONS if name == making.PREDICTIONS else ())
        for name in INPUTS
        if warehouse.exists(name)
    }
    return render("evaluation.html.j2", backtests=[part_of(tables, b) for b in shown(tables)])


def render(template: str, **facts: Any) -> str:
    """A page of the house style from one of the templates."""
    house = environment(TEMPLATES)
    house.filters.update(FORMS, points=points)
    return house.get_template(template).render(**facts, min_sales=MIN_SALES, too_small=TOO_SMALL)


def shown(tables: dict[str, pl.DataFrame]) -> list[str]:
    """The backtests on the page: the headline of each track, and those compared by split."""
    if making.PREDICTIONS not in tables:
        return []
    asked = tables[making.SPLITS]["backtest_id"].to_list() if making.SPLITS in tables else []
    there = set(tables[making.PREDICTIONS]["backtest_id"])
    return sorted({*chosen(tables[making.PREDICTIONS], ""), *(n for n in asked if n in there)})


def part_of(tables: dict[str, pl.DataFrame], backtest_id: str) -> Row:
    """Everything that the page shows of one backtest."""

    def rows(table: str, **equal: Any) -> list[Row]:
        if table not in tables:
            return []
        frame = tables[table].filter(pl.col("backtest_id") == backtest_id)
        for column, value in equal.items():
            frame = frame.filter(pl.col(column) == value)
        return frame.to_dicts()

    judged = tables[making.PREDICTIONS].filter(pl.col("backtest_id") == backtest_id)
    months = judged["cutoff"].unique().sort().to_list()
    splits = rows(making.SPLITS)
    baselines = rows(making.BASELINES, slice="all")
    return {
        "id": backtest_id,
        "track": judged["track"][0],
        "window": span_of_months(months[0], months[-1]),
        "n": len(judged),
        "n_excluded": judged.height - judged["excluded_by"].null_count(),
        "command": f"realty evaluate --from {months[0]:%Y-%m} --to {months[-1]:%Y-%m} "
        f"--track {judged['track'][0]}",
        "splits": _table(splits, lambda r: f"{r['split']} ({r['model']})", (*POINT, *PAIR)),
        "splits_chart": _chart(
            splits, lambda r: f"{r['split']}, {r['model']}", "Median error by split", 290
        ),
        "baselines": _table(baselines, lambda r: r["baseline"], (*POINT, *PAIR)),
        "baselines_chart": _chart(
            baselines, lambda r: r["baseline"], "Median error of model and baselines", 205
        ),
        "rivals": rows(making.RIVALS),
        "study": _study(rows(making.STUDIES)),
        "families": _families(rows(making.SEGMENTS)),
    }


def _table(rows: Sequence[Row], name: Callable[[Row], str], columns: Sequence[Column]) -> Row:
    return {
        "heads": [label for _, label, _ in columns],
        "rows": [
            {
                "name": name(row),
                "n": row["n"],
                "note": row.get("note") or "",
                "said": row.get("training_saw") or row.get("verdict") or "",
                "share": row.get("own_share"),
                "cells": [cell(row, key, form) for key, _, form in columns],
            }
            for row in rows
        ],
    }


def cell(row: Row, key: str, form: str) -> Row:
    """One figure as text with its interval."""
    show = points if form == "points" else FORMS[form]
    value, low, high = (number(row.get(f"{key}{end}")) for end in ("", "_low", "_high"))
    interval = None if low is None or high is None else f"{show(low)} to {show(high)}"
    return {"text": show(value), "interval": interval}


def points(value: float | None) -> str:
    """A difference of shares in percentage points: 0.0123 -> +1.23."""
    return "–" if value is None else f"{100 * value:+.2f}".replace("-", "−")


def _chart(rows: Sequence[Row], name: Callable[[Row], str], title: str, names: float) -> Any:
    if not rows:
        return None
    return charts.whiskers(
        [_estimate(name(row), row, "mdape") for row in rows],
        title=title,
        summary="With 95% intervals",
        show=FORMS["pct"],
        empty="not made",
        width=640,
        names=names,
    )


def _estimate(name: str, row: Row, key: str) -> charts.Estimate:
    return charts.Estimate(name, *(number(row.get(f"{key}{end}")) for end in ("", "_low", "_high")))


def _study(rows: Sequence[Row]) -> Row | None:
    """Statistics by line, sets of sales by column."""
    if not rows:
        return None
    sets = [(sales, trimmed) for sales in ("all", "valid") for trimmed in (False, True)]
    by_key = {(row["statistic"], row["sales"], row["trimmed"]): row for row in rows}
    sets = [one for one in sets if ("cod", *one) in by_key]
    lines = []
    for name, (label, form) in STATISTICS.items():
        cells = []
        for one in sets:
            row = by_key[name, *one]
            cells.append({**cell(row, "value", form), "ok": row["acceptable"], "note": row["note"]})
        low, high = (
            by_key[name, *sets[0]]["acceptable_low"],
            by_key[name, *sets[0]]["acceptable_high"],
        )
        lines.append({"name": label, "cells": cells, "range": None if low is None else (low, high)})
    heads = [
        {
            "label": f"{'All sales' if sales == 'all' else 'Valid sales'}"
            f"{', trimmed at 3 IQR' if trimmed else ''}",
            "n": by_key["cod", sales, trimmed]["n"],
        }
        for sales, trimmed in sets
    ]
    return {"heads": heads, "lines": lines}


def _families(rows: Sequence[Row]) -> list[Row]:
    """Segments by family; those without figures are counted in one line where they are many."""
    out = []
    for family in dict.fromkeys(row["family"] for row in rows):
        mine = [row for row in rows if row["family"] == family and row["sales"] == "all"]
        valid = {
            row["segment"]: row
            for row in rows
            if row["family"] == family and row["sales"] == "valid"
        }
        known = [row for row in mine if row["mdape"] is not None]
        small = [row for row in mine if row["mdape"] is None]
        lines = known if len(small) > 3 else mine
        table = _table(lines, lambda r: r["segment"], OF_SEGMENT)
        for line, row in zip(table["rows"], lines, strict=True):
            twin = valid[row["segment"]]
            line["without"] = cell(twin, "mdape", "pct")
            line["n_valid"] = twin["n"]
        drawn = known if len(known) <= MOST_DRAWN else []
        out.append(
            {
                "family": family,
                "table": table,
                "n_small": len(small) if lines is known else 0,
                "n_small_sales": sum(row["n"] for row in small),
                "error": _segments_chart(drawn, "mdape", f"Median error by {family}"),
                "coverage": _segments_chart(drawn, "coverage_90", f"Coverage by {family}"),
            }
        )
    return out


def _segments_chart(rows: Sequence[Row], key: str, title: str) -> Any:
    if len(rows) < 2:
        return None
    covers = key == "coverage_90"
    return charts.whiskers(
        [_estimate(row["segment"][:26], row, key) for row in rows],
        title=title,
        summary="With 95% intervals",
        show=FORMS["pct"],
        empty=TOO_SMALL,
        names=180,
        reference=0.9 if covers else None,
        reference_label="stated 90%" if covers else "",
    )
