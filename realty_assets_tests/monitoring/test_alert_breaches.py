"""What is told of: one alert for one cause, as soon as the policy says, with where to look."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from realty_assets.monitoring.alerting.breaches import breaches_of, stopped
from realty_assets.monitoring.alerting.kinds import RUNBOOKS
from realty_assets.monitoring.alerting.policy import (
    FILE,
    OWN_POLICY,
    AlertPolicyError,
    read_policy,
)
from realty_assets.monitoring.alerting.records import Breach
from realty_assets.settings import REPO_ROOT
from realty_assets_tests.monitoring.alert_samples import (
    NOW,
    SOURCES,
    alert_policy,
    drifted,
    figure,
)


def found(
    open_rows: list[dict[str, Any]], figures: list[dict[str, Any]] | None = None
) -> list[Breach]:
    sources = [{**row, "feature": row["name"]} for row in SOURCES]
    facts = {"open": open_rows, "performance": figures or [], "sources": sources}
    return breaches_of(facts, read_policy())


def test_a_column_that_broke_is_one_alert_with_all_that_is_made_of_it() -> None:
    (told,) = found(
        [
            *drifted(severity="warn", value=0.15),
            *drifted(severity="warn", value=0.4, slice="newest delivery"),
            *drifted(method="psi", value=0.3),
            *drifted("ln_living_area", "ks", population="sales", track="off_market"),
            *drifted("ln_living_area", "psi", population="asked", track="on_market"),
        ]
    )
    assert (told.key, told.severity) == ("feed/all/listings/living_area", "critical")
    assert told.cause == "The feed no longer fills living_area."
    assert "out of line with it: 1 more" in told.sentence


def test_a_warning_waits_for_as_many_months_as_the_policy_says() -> None:
    where = {"population": "sales", "track": "off_market", "severity": "warn"}
    one, two = (drifted("area", "psi", months=months, **where)[-1:] for months in (1, 2))
    assert found(one) == []
    assert [(told.kind, told.n_breaches) for told in found(two)] == [("drift", 2)]
    assert [told.kind for told in found(drifted("area", "psi", population="sales"))] == ["drift"]
    assert [told.kind for told in found(drifted(severity="warn"))] == ["feed"]
    few = drifted("(rows)", "row_count", -0.8, severity="warn")
    assert [(told.kind, told.key) for told in found(few)] == [("rows", "rows/all/listings/(rows)")]


def test_signals_are_told_of_with_what_makes_them_stand_out() -> None:
    where: dict[str, Any] = {"population": "sales", "track": "off_market", "severity": "warn"}
    bet = drifted("(errors)", "martingale", 2.3, drivers="values too low", **where)
    (told,) = found(bet)
    assert (told.kind, told.key) == ("errors", "errors/off_market/sales/(errors)")
    assert told.cause == "Errors of closed sales come otherwise than before: values too low."
    assert found(drifted("(expected error)", "expected_error", 0.3, **where)) == []
    (told,) = found(drifted("(expected error)", "expected_error", 0.3, months=2, **where)[-1:])
    assert (told.kind, told.n_breaches) == ("expected", 2)
    apart = drifted("(together)", "domain_auc", 0.7, months=2, drivers="area, age", **where)[-1:]
    (told,) = found(apart)
    assert told.key == "drift/off_market/sales/(together)"
    assert told.cause == "Other homes sell than before: they are told by area, age."
    # What tells the month apart is made of a field that broke: one cause, one alert.
    broke = drifted(severity="warn", value=0.4)
    apart[0]["drivers"] = "ln_living_area"
    (told,) = found([*broke, *apart])
    assert told.key == "feed/all/listings/living_area"
    moved = drifted("area", "attribution_share", -0.2, months=2, **where)[-1:]
    assert found(moved)[0].cause == "Values hang less on area than before."


def test_figures_of_closed_sales_are_told_of() -> None:
    low = [figure("coverage_90", month, 0.8, 0.75, 0.85) for month in (1, 2)]
    (told,) = found([], low)
    assert (told.key, told.severity) == ("performance/off_market/coverage_90", "critical")
    assert (told.value, told.threshold, told.n_breaches) == (0.8, 0.9, 2)
    (high,) = found([], [figure("median_ratio", 2, 1.15, 1.1, 1.2)])
    assert (high.severity, high.threshold) == ("warn", 1.10)


def test_monitoring_that_has_not_ended_well_for_long_has_stopped() -> None:
    policy = alert_policy(stopped_after_days=2)
    for days, n in ((1.9, 0), (2.1, 1)):
        last = NOW - timedelta(days=days)
        assert len(stopped((last - datetime(1970, 1, 1)).total_seconds(), NOW, policy)) == n
    assert stopped(None, NOW, policy) == []


def test_every_kind_has_a_runbook_that_is_there_and_names_its_kind() -> None:
    policy = read_policy()
    for kind in RUNBOOKS:
        text = (REPO_ROOT / policy.runbook_of(kind)).read_text(encoding="utf-8")
        assert f"--kind {kind}" in text, kind


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": 2}, "version"),
        ({"consecutive": {"drift": 2}}, "names months, 1 or more, for drift, errors"),
        ({"owners": {"weather": "team:x"}}, "owners.weather"),
        ({"channels": {"pigeon": {}}}, "channels.pigeon"),
        ({"channels": {"file": {"path": "../out"}}}, "below the home"),
        ({"channels": {"webhook": {"url": "ftp://example.com"}}}, "http or https"),
        ({"channels": {"webhook": {"url": "https://a:b@example.com"}}}, "no user or password"),
        ({"channels": {"email": {"host": "h", "sender": "s", "to": []}}}, "channels.email.to"),
        ({"channels": {"email": {"host": "h", "password": "x"}}}, "channels.email"),
    ],
)
def test_a_policy_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    text = json.dumps(json.loads(read_policy().model_dump_json()) | changed)
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(AlertPolicyError, match=re.escape(said)) as told:
        read_policy(tmp_path)
    assert str(tmp_path / FILE) in str(told.value)


def test_the_channels_that_the_policy_shows_can_be_switched_on(tmp_path: Path) -> None:
    text = re.sub("^#(?=  )", "", OWN_POLICY.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    channels = read_policy(tmp_path).channels.by_name
    assert set(channels) == {"file", "email", "webhook"}
    assert not channels["webhook"].takes("warn")
