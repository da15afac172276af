"""The checks pass on what is sound, fail on what is not, and see a broken column in its own run."""

from __future__ import annotations

import dagster as dg
import pytest

from realty_assets.definitions import build_defs
from realty_assets.monitoring.alerting.assets import alerts
from realty_assets.monitoring.assets import (
    days,
    monitoring_facts,
    monitoring_signals,
    monthly_performance,
)
from realty_assets.monitoring.checks import drift_facts_are_sound, null_rates_hold
from realty_assets.warehouse import Warehouse

FACES = [monitoring_signals, monitoring_facts, monthly_performance, alerts, days]


def run(warehouse: Warehouse) -> dict[str, dg.AssetCheckEvaluation]:
    """One run of the room, as `realty run monitoring` does it; its checks by name."""
    done = dg.materialize(
        [*FACES, drift_facts_are_sound, null_rates_hold],
        resources={"warehouse": warehouse},
        raise_on_error=False,
    )
    return {told.check_name: told for told in done.get_asset_check_evaluations()}


def check(which: dg.AssetChecksDefinition, warehouse: Warehouse) -> dg.AssetCheckResult:
    return which(warehouse)  # type: ignore[return-value]


def test_a_column_that_goes_empty_is_told_of_in_the_same_run(watched: Warehouse) -> None:
    calm = run(watched)
    assert calm["drift_facts_are_sound"].passed
    assert calm["null_rates_hold"].passed, calm["null_rates_hold"].metadata
    with watched.transaction() as tx:
        tx.conn.execute(
            "UPDATE staging.listings SET bedrooms_total = NULL WHERE known_at >= DATE '2023-02-01'"
        )
        tx.conn.execute(
            "UPDATE ledger.builds SET output_hash = 'x' WHERE table_name = 'staging.listings'"
        )
    broken = run(watched)
    assert broken["drift_facts_are_sound"].passed
    told = broken["null_rates_hold"]
    assert not told.passed
    assert not told.blocking
    assert told.severity == dg.AssetCheckSeverity.WARN
    assert told.metadata["columns"].value == ["bedrooms_total"]
    page = next((watched.home / "reports" / "monitoring").glob("*.html")).read_text("utf-8")
    assert "The feed no longer fills bedrooms_total." in page


MUTANTS = {
    "a row twice": "INSERT INTO monitoring.drift FROM monitoring.drift WHERE judged LIMIT 1",
    "below zero": "UPDATE monitoring.drift SET value = -0.1 WHERE method = 'psi'",
    "beyond one": "UPDATE monitoring.drift SET value = 1.2 WHERE method = 'ks'",
    "a breach without a severity": "UPDATE monitoring.drift SET breached = true WHERE judged",
    "a breach that is not judged": "UPDATE monitoring.drift SET breached = true, "
    "severity = 'warn', n_consecutive = 1 WHERE in_reference",
    "a miscount": "UPDATE monitoring.drift SET n_consecutive = 2 WHERE NOT breached",
    "no profile": "DELETE FROM monitoring.profile WHERE NOT in_reference",
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_facts_that_cannot_be_are_found(facts_made: Warehouse, mutant: str) -> None:
    assert check(drift_facts_are_sound, facts_made).passed
    with facts_made.transaction() as tx:
        tx.conn.execute(MUTANTS[mutant])
    assert not check(drift_facts_are_sound, facts_made).passed


def test_a_column_that_is_filled_more_than_before_breaks_nothing(facts_made: Warehouse) -> None:
    with facts_made.transaction() as tx:
        tx.conn.execute(
            "UPDATE monitoring.drift SET breached = true, severity = 'warn', n_consecutive = 1, "
            "value = -0.4 WHERE judged AND method = 'null_share'"
        )
    assert check(null_rates_hold, facts_made).passed


def test_the_room_is_wired_in() -> None:
    checks = build_defs().resolve_asset_graph().asset_check_keys
    assert {"drift_facts_are_sound", "null_rates_hold"} <= {key.name for key in checks}
