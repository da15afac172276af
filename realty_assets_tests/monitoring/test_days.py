"""The page of a day, its metrics, and which files are kept."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from realty_assets.monitoring.causes import Origins, likely_cause
from realty_assets.monitoring.dashboard import findings, gather, page, verdict
from realty_assets.monitoring.days import DAYS, METRICS, write_day, write_metrics
from realty_assets.monitoring.keeping import newest_pages
from realty_assets.monitoring.metrics_file import metrics
from realty_assets.monitoring.performance import PERFORMANCE, SCHEMA
from realty_assets.monitoring.policy import FILE, MonitoringPolicyError, read_policy
from realty_assets.pages import write_page
from realty_assets.warehouse import Warehouse
from realty_assets_tests.monitoring.conftest import TODAY

ORIGINS = Origins(
    {"ln_living_area": "structure", "window_1": "windows", "area": "structure"},
    {"ln_living_area": ["living_area"], "window_1": ["close_price"], "area": []},
)


def breach(
    population: str, feature: str, method: str = "psi", value: float = 0.5
) -> dict[str, Any]:
    return {
        "track": "all" if population == "listings" else "off_market",
        "population": population,
        "slice": "all",
        "feature": feature,
        "method": method,
        "month": date(2023, 2, 1),
        "since": date(2023, 1, 1),
        "value": value,
        "threshold": 0.1,
        "severity": "warn",
        "n_consecutive": 2,
        "n": 500,
    }


def facts(standing: list[dict], figures: list[dict] | None = None) -> dict[str, list[dict]]:
    sources = [
        {"feature": name, "family": family, "source_columns": ORIGINS.columns[name]}
        for name, family in ORIGINS.families.items()
    ]
    return {
        "open": standing,
        "judged": [],
        "shown": [],
        "performance": figures or [],
        "sources": sources,
        "alerts": [],
        "expected": [],
    }


def figure(metric: str, month: int, value: float, low: float, high: float) -> dict[str, Any]:
    return {
        "track": "off_market",
        "month": date(2023, month, 1),
        "metric": metric,
        "n": 300,
        "value": value,
        "low": low,
        "high": high,
        "n_expected": 320.0,
        "maturity_share": 0.94,
        "note": "",
    }


@pytest.mark.parametrize(
    ("standing", "cause"),
    [
        (breach("listings", "living_area", "null_share"), "no longer fills living_area"),
        (breach("listings", "living_area", "null_share", -0.5), "begun to fill living_area"),
        (breach("listings", "city", "unseen_share"), "Words in city that were never seen before"),
        (breach("listings", "(rows)", "row_count", -0.8), "Fewer listings than usual"),
        (breach("sales", "window_1"), "Prices around have moved"),
        (breach("sales", "predicted_log_value", "ks"), "Prices, or the homes that sell"),
        (breach("sales", "area"), "Other homes sell than before"),
        (breach("asked", "area"), "Homes on the market differ"),
    ],
)
def test_a_breach_by_itself_has_a_likely_cause(standing: dict, cause: str) -> None:
    assert cause in likely_cause(standing, [standing], ORIGINS)


def test_a_feature_is_followed_back_to_the_column_that_broke() -> None:
    feature = breach("sales", "ln_living_area", "null_share")
    emptied = breach("listings", "living_area", "null_share")
    assert (
        likely_cause(feature, [feature, emptied], ORIGINS)
        == "The feed no longer fills living_area."
    )
    changed = breach("listings", "living_area", "ks")
    assert (
        likely_cause(feature, [feature, changed], ORIGINS) == "New listings differ in living_area."
    )
    told = findings(facts([feature, emptied]))
    assert [(row["cause"], row["n_features"], row["since"]) for row in told] == [
        ("The feed no longer fills living_area.", 2, date(2023, 1, 1))
    ]


def test_figures_of_closed_sales_are_red_when_they_stay_out_of_line() -> None:
    good = [figure("coverage_90", month, 0.91, 0.87, 0.94) for month in (1, 2, 3)]
    assert findings(facts([], good)) == []
    once = [*good[:2], figure("coverage_90", 3, 0.80, 0.75, 0.85)]
    assert [row["severity"] for row in findings(facts([], once))] == ["warn"]
    twice = [good[0], figure("coverage_90", 2, 0.8, 0.7, 0.86), once[2]]
    (told,) = findings(facts([], twice))
    assert (told["severity"], told["since"], told["n_consecutive"]) == (
        "critical",
        date(2023, 2, 1),
        2,
    )
    assert verdict([told]) == ("critical", "1 critical; the oldest since 2023-02.")
    assert verdict([]) == ("calm", "Nothing stands out.")
    high = [figure("median_ratio", 3, 1.12, 1.08, 1.15)]
    assert "too high or too low" in findings(facts([], high))[0]["cause"]


def test_the_page_of_a_day_needs_nothing_beside_it(facts_made: Warehouse) -> None:
    facts_made.replace(PERFORMANCE, pl.DataFrame(schema=SCHEMA))
    text = page(gather(facts_made, TODAY), TODAY)
    assert not re.search(r"<script|https?://|\bsrc=|\bhref=", text)
    assert "default-src 'none'" in text
    assert f"Monitoring as of {TODAY}" in text
    # The drift map, and what was expected by track; no sales were judged.
    n_tracks = (
        facts_made.read("monitoring.expected_errors")
        .filter(pl.col("population") == "sales")["track"]
        .n_unique()
    )
    assert text.count("<svg") == 1 + n_tracks
    assert ("How far off values are expected to be" in text) == (n_tracks > 0)
    assert page(gather(facts_made, TODAY), TODAY) == text


def test_what_is_shown_is_as_of_the_day(facts_made: Warehouse) -> None:
    facts_made.replace(PERFORMANCE, pl.DataFrame(schema=SCHEMA))
    early = gather(facts_made, date(2022, 12, 31))
    assert {row["month"] for row in early["open"]} <= {date(2022, 12, 1)}
    assert all(row["since"] <= row["month"] for row in early["open"])
    standing = gather(facts_made, TODAY)["open"]
    drift = facts_made.read("monitoring.drift")
    for row in standing:
        run = drift.filter(
            pl.col("judged"),
            *(pl.col(k) == row[k] for k in ("track", "population", "slice", "feature", "method")),
            pl.col("month").is_between(row["since"], row["month"]),
        )
        assert run["breached"].all()
        assert len(run) == row["n_consecutive"]


def test_pages_and_metrics_are_written_and_vouched_for(facts_made: Warehouse) -> None:
    facts_made.replace(PERFORMANCE, pl.DataFrame(schema=SCHEMA))
    row = write_day(facts_made, TODAY).row(0, named=True)
    body = (facts_made.home / row["path"]).read_bytes()
    assert row["path"] == f"reports/monitoring/{TODAY}.html"
    assert hashlib.sha256(body).hexdigest() == row["sha256"]
    facts_made.replace(DAYS, write_day(facts_made, TODAY))
    again = write_day(facts_made, date(2023, 3, 3))
    assert again["name"].to_list() == [f"{TODAY}", "2023-03-03"]
    place = write_metrics(facts_made, TODAY, 1_700_000_000.5)
    assert place == facts_made.home / METRICS
    assert "realty_monitoring_last_success_timestamp_seconds 1700000000" in place.read_text()


def test_metrics_are_in_the_form_that_prometheus_reads() -> None:
    judged = [{"track": "off_market", "population": "sales", "n_judged": 12, "n_rows": 300}]
    newest = [
        {
            "track": "off_market",
            "n": 300,
            "maturity_share": None,
            "figures": {"mdape": {"value": 0.08}},
        }
    ]
    told = [{"severity": "critical", "state": "open"}]
    text = metrics(TODAY, [breach("sales", "area")], judged, newest, told, 1.0)
    assert text.endswith("\n")
    sample = re.compile(
        r'realty_monitoring_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [-+.e\d]+'
    )
    for line in text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line), line
    where = 'track="off_market",population="sales"'
    assert f'realty_monitoring_breaches{{{where},severity="warn"}} 1' in text
    assert f'realty_monitoring_breaches{{{where},severity="critical"}} 0' in text
    assert 'realty_monitoring_figure{track="off_market",figure="mdape"} 0.08' in text
    assert "realty_monitoring_as_of_timestamp_seconds 1677715200" in text
    assert "known_share{" not in text
    assert 'realty_monitoring_alerts{severity="critical",state="open"} 1' in text
    assert 'realty_monitoring_alerts{severity="warn",state="snoozed"} 0' in text


def test_only_the_newest_pages_are_kept(tmp_path: Path) -> None:
    kept: pl.DataFrame | None = None
    for day in range(1, 6):
        made = write_page(tmp_path, Path("reports") / f"2023-03-0{day}.html", f"{day}", "again")
        kept = newest_pages(tmp_path, kept, made, 3)
    assert kept is not None
    assert kept["name"].to_list() == ["2023-03-03", "2023-03-04", "2023-03-05"]
    assert sorted(path.stem for path in (tmp_path / "reports").iterdir()) == kept["name"].to_list()
    (tmp_path / "reports" / "2023-03-04.html").unlink()
    again = newest_pages(tmp_path, kept, kept.tail(1), 3)
    assert again["name"].to_list() == ["2023-03-03", "2023-03-05"]
    # A hold, and a withdrawal, keep a page beyond the number.
    holds = [{"what": "reports/2023-03-03.html"}]
    assert newest_pages(tmp_path, again, again.tail(1), 1, holds)["name"].to_list() == [
        *("2023-03-03", "2023-03-05")
    ]
    gone = newest_pages(tmp_path, again, again.tail(1), 1)
    assert gone["name"].to_list() == ["2023-03-05"]
    assert not (tmp_path / "reports" / "2023-03-03.html").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2", "version"),
        ("- a list", "the file"),
        ("version: [", "not YAML"),
        (read_policy().model_dump_json().replace('"warn":0.1', '"warn":0.9'), "below warn"),
        (
            read_policy().model_dump_json()[:-1].replace('"features":{}', '"features":')
            + '{"x":{"guess":{"warn":1,"critical":2}}}}',
            "unknown method 'guess'",
        ),
    ],
)
def test_a_policy_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(MonitoringPolicyError, match=re.escape(said)) as told:
        read_policy(tmp_path)
    assert str(tmp_path / FILE) in str(told.value)


def test_a_home_may_have_a_policy_of_its_own(tmp_path: Path) -> None:
    own = read_policy().model_dump_json().replace('"min_rows":100', '"min_rows":300')
    (tmp_path / FILE).write_text(own, encoding="utf-8")
    assert read_policy(tmp_path).min_rows == 300
    assert read_policy(tmp_path).sha256 != read_policy().sha256 == read_policy(None).sha256
