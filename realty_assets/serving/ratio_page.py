"""The page of `realty ratio-study --out study.html`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from realty_assets.evaluation.acceptable import ACCEPTABLE
from realty_assets.serving import charts
from realty_assets.serving.judging.page import STATISTICS, cell, render
from realty_assets.serving.report_text import FORMS, number

MOST_DRAWN = 24


def study_page(study: pl.DataFrame, facts: Mapping[str, Any]) -> str:
    """One self-contained HTML page of a study (`evaluation.assessment.study`) and its account."""
    families = []
    for (family,), rows in study.group_by("family", maintain_order=True):
        lines = []
        for row in rows.to_dicts():
            cells = [
                {**cell(row, name, form), "ok": row.get(f"{name}_acceptable")}
                for name, (_, form) in STATISTICS.items()
            ]
            lines.append({"name": row["group"], "n": row["n"], "cells": cells, "note": row["note"]})
        families.append({"family": family, "lines": lines, "chart": _chart(str(family), rows)})
    heads = [
        {"label": label, "range": ACCEPTABLE.get(name)} for name, (label, _) in STATISTICS.items()
    ]
    return render("ratio_study.html.j2", families=families, heads=heads, facts=dict(facts))


def _chart(family: str, rows: pl.DataFrame) -> Any:
    known = rows.filter(pl.col("median_ratio").is_not_null()).to_dicts()
    if not 2 <= len(known) <= MOST_DRAWN:
        return None
    ends = ("median_ratio", "median_ratio_low", "median_ratio_high")
    return charts.whiskers(
        [charts.Estimate(row["group"][:26], *(number(row[end]) for end in ends)) for row in known],
        title=f"Median ratio by {family}",
        summary="With 95% intervals",
        reference=1.0,
        reference_label="level 100%",
        show=FORMS["pct"],
        names=170,
        width=600,
    )
