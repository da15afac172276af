"""Evidently's page: of the newest full month, whole in one file, and once a month."""

from __future__ import annotations

import re
from datetime import date

import polars as pl
import pytest

from realty_assets.monitoring.evidently_pages import EVIDENTLY, month_to_show, samples, write_month
from realty_assets.warehouse import Warehouse
from realty_assets_tests.monitoring.conftest import TODAY


@pytest.mark.slow
def test_the_newest_full_month_gets_a_page(facts_made: Warehouse) -> None:
    shown = month_to_show(facts_made, TODAY)
    assert shown is not None
    assert shown.month == date(2023, 2, 1)
    current, reference = samples(facts_made, TODAY, shown)
    assert (len(current), current.columns) == (shown.n_rows, reference.columns)
    assert len(reference) > len(current)
    row = write_month(facts_made, TODAY, shown).row(0, named=True)
    assert row["path"] == "reports/monitoring/evidently/2023-02.html"
    text = (facts_made.home / row["path"]).read_text(encoding="utf-8")
    assert not re.search(r'<(?:script|link|img)[^>]*(?:src|href)="https?:', text)


def test_without_a_month_behind_the_reference_there_is_no_page(facts_made: Warehouse) -> None:
    assert month_to_show(facts_made, date(2022, 11, 20)) is None
    made = write_month(facts_made, TODAY, None)
    assert made.is_empty()
    facts_made.replace(EVIDENTLY, made)
    assert facts_made.read(EVIDENTLY).schema["path"] == pl.String
