"""Bills beside estimates, days that cost far more than usual, and what a gain or a year costs."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from realty_assets.cost_days import LEAST_WEEKS, unusual, unusual_days
from realty_assets.metering import totals_file
from realty_assets.monitoring.alerting.breaches import spending
from realty_assets.operations.bills import BILLS, BadBill, read_bill, reconcile
from realty_assets.operations.cost_figures import figures_of, per_gain, storage
from realty_assets.operations.costing import COSTS, SCHEMA
from realty_assets.operations.records import create_tables
from realty_assets.operations.retention.things import Thing
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import realty_json

BILL = (
    "\ufeffDay,Service,USD,Note\n"
    "2026-11-01,compute,1.50,\n"
    "2026-11-01,storage,0.50,disk\n"
    '2026-11-02,compute,"$1,002.00",\n'
    "02.11.2026,compute,1,\n"
    "2026-11-03,compute,plenty,\n"
    "2026-11-03,compute,-1,\n"
    "2026-11-01,compute,7,\n"
    "\n"
)


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    """A home whose runs of 1 and 2 November cost 1 and 4 dollars, half of these for nothing."""
    made = Warehouse.at(home / "warehouse.duckdb")
    first, second = datetime(2026, 11, 1, 8), datetime(2026, 11, 2, 8)
    rows = [
        ("a", "clean.sales", first, False, "done", 1.0, 100),
        ("b", "clean.sales", second, False, "done", 2.0, 300),
        ("c", "clean.sales", second, True, "done", 0.5, None),
        ("d", None, second, False, "failed", 1.5, None),
    ]
    names = (
        *("run_id", "asset", "started_at", "reused", "outcome", "est_cost_usd"),
        "table_bytes",
    )
    with made.transaction() as tx:
        create_tables(tx)
        told = [dict.fromkeys(SCHEMA) | dict(zip(names, row, strict=True)) for row in rows]
        tx.append(COSTS, pl.DataFrame(told, schema=SCHEMA))
    return made


def test_lines_of_a_bill_that_cannot_be_read_are_refused_with_line_and_reason() -> None:
    lines, refused = read_bill(BILL.removeprefix("\ufeff"), "bill.csv")
    assert [(one.number, one.service, one.usd) for one in lines] == [
        (2, "compute", 1.5),
        (3, "storage", 0.5),
        (4, "compute", 1002.0),
    ]
    assert [one.line for one in refused] == [5, 6, 7, 8]
    for one, word in zip(refused, ("no day", "no number", "0 or more", "line 2"), strict=True):
        assert word in one.reason
    with pytest.raises(BadBill, match="no column usd"):
        read_bill("day,amount\n2026-11-01,1\n", "bill.csv")
    ahead = read_bill("day,usd\n2999-01-01,1\n", "bill.csv")[1]
    assert "lies ahead" in ahead[0].reason


def test_a_bill_stands_beside_the_estimate_and_is_taken_once(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "bill.csv"
    path.write_text(BILL, encoding="utf-8")
    told = reconcile(warehouse, path, reason="November", by="ann")
    assert (told["n_new"], told["n_corrected"], told["n_refused"]) == (3, 0, 4)
    (month,) = told["reconciled"]
    assert (month["month"], month["n_days"], month["billed_usd"]) == ("2026-11", 2, 1004.0)
    assert month["est_cost_usd"] == pytest.approx(5.0)
    assert month["billed_over_estimated"] == pytest.approx(200.8)
    again = reconcile(warehouse, path, reason="November", by="ann")
    assert (again["n_new"], again["n_corrected"]) == (0, 0)
    path.write_text("day,service,usd\n2026-11-02,compute,6\n2026-11-05,,1\n", encoding="utf-8")
    mended = reconcile(warehouse, path, reason="a credit", by="ann")
    assert (mended["n_new"], mended["n_corrected"]) == (1, 1)
    assert mended["reconciled"][0]["billed_usd"] == pytest.approx(9.0)
    assert mended["reconciled"][0]["n_days_without_runs"] == 1
    assert warehouse.read(BILLS).height == 4
    verbs = warehouse.read("operations.actions")["verb"].to_list()
    assert verbs == ["reconcile", "reconcile"]


def test_the_command_line_takes_a_bill_and_tells_of_it(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "bill.csv"
    path.write_text(BILL, encoding="utf-8")
    told = realty_json(warehouse.home, "costs", "reconcile", path, "--by", "ann")
    assert told["refused"][0] == {"line": 5, "reason": "'02.11.2026' is no day: YYYY-MM-DD"}
    costs = realty_json(warehouse.home, "costs")
    assert costs["reconciled"][0]["billed_usd"] == 1004.0
    assert costs["storage"][0]["class"] == "warehouse"


def test_what_was_spent_for_nothing_is_told_by_its_kind(warehouse: Warehouse) -> None:
    figures = figures_of(warehouse)
    waste = {row["waste"]: row for row in figures["waste"]}
    assert waste["failed"]["est_cost_usd"] == 1.5
    assert waste["idle: nothing had changed"]["est_cost_usd"] == 0.5
    assert waste["failed"]["share_of_all"] == pytest.approx(0.3)
    own = figures["storage"][0]
    assert own["class"] == "warehouse"
    assert own["bytes_in_a_year"] - own["n_bytes"] == 200 * 365  # a table grew by 200 in a day


def test_a_promotion_costs_what_was_spent_since_the_last() -> None:
    rows = [
        {"est_cost_usd": 3.0, "gain_percent": None},
        {"est_cost_usd": 4.0, "gain_percent": 5.0},
        {"est_cost_usd": 2.0, "gain_percent": -1.0},
    ]
    told = {row["work"]: row["est_cost_usd"] for row in per_gain(rows)}
    assert told == {"per promoted model": 3.0, "per 1% of MAE gained": 1.5}
    assert len(per_gain(rows[:1])) == 1
    assert per_gain([]) == []


def test_the_promotions_of_a_home_have_their_cost_and_gain(warehouse: Warehouse) -> None:
    decided = pl.DataFrame(
        {
            "decision_id": ["1", "2", "3"],
            "name": ["m"] * 3,
            "model_version": ["v1", "v2", "v3"],
            "champion_version": [None, "v1", "v2"],
            "verdict": ["promote"] * 3,
            "approval": ["", "", "waiting"],
            "decided_at": [datetime(2026, 11, day, 12) for day in (1, 2, 3)],
        }
    )
    pairs = pl.DataFrame(
        {
            "name": ["m"],
            "model_version": ["v2"],
            "champion_version": ["v1"],
            "excluded_by": pl.Series([None], dtype=pl.String),
            "close_price": [100.0],
            "value": [100.0 * 1.08],
            "champion_value": [100.0 * 1.08**2],
        }
    )
    warehouse.replace("promotion.decisions", decided)
    warehouse.replace("promotion.paired_sales", pairs)
    with warehouse.transaction() as tx:
        tx.conn.execute("UPDATE operations.costs SET asset = 'modeling.models' WHERE run_id < 'c'")
    told = {row["work"]: row for row in figures_of(warehouse)["gains"]}
    assert told["per promoted model"]["est_cost_usd"] == pytest.approx(1.5)
    assert told["per 1% of MAE gained"]["units"] == pytest.approx(50.0)
    assert told["per 1% of MAE gained"]["est_cost_usd"] == pytest.approx(2.0 / 50.0)


def test_storage_grows_until_what_is_old_is_let_go() -> None:
    things = [
        Thing("reports", "a", 100, 1.0, None),
        Thing("reports", "b", 100, 40.0, None),
        Thing("archive", "c", 300, 2.0, None),
    ]
    told = {row["class"]: row for row in storage(things, {"reports": 60}, 90.0)}
    assert told["reports"]["n_bytes"] == 200
    assert told["reports"]["bytes_in_30_days"] == 100
    assert told["reports"]["bytes_in_a_year"] == 200  # 60 days of 100 in 30
    assert told["archive"]["bytes_in_a_year"] == 300 + 10 * 365
    assert storage(things, {}, 1.0)[0]["bytes_in_a_year"] is None


DAY = date(2026, 11, 27)


def test_a_day_is_held_against_the_same_weekday() -> None:
    usual = {DAY - timedelta(weeks=week): 1.0 + week / 100 for week in range(1, 9)}
    others = {DAY - timedelta(days=days): 9.0 for days in range(1, 60) if days % 7}
    assert unusual({**usual, **others, DAY: 1.2}, DAY) is None
    found = unusual({**usual, **others, DAY: 5.0}, DAY)
    assert found is not None
    assert (found.n_weeks, found.usual_usd) == (8, pytest.approx(1.045))
    assert spending(found).severity == "warn"
    assert "Friday" in found.sentence
    few = dict(list(usual.items())[: LEAST_WEEKS - 1])
    assert unusual({**few, DAY: 50.0}, DAY) is None
    assert unusual(usual, DAY) is None


def test_days_are_read_from_the_lines_that_runs_leave(home: Path) -> None:
    for week, cpu_s in [(0, 36_000.0), *((week, 360.0) for week in range(1, 7))]:
        ended = datetime.combine(DAY - timedelta(weeks=week), datetime.min.time())
        path = totals_file(home, ended)
        path.parent.mkdir(parents=True, exist_ok=True)
        line = {"run_id": f"{week}", "ended_at": f"{ended}", "cpu_s": cpu_s, "gib_s": 0.0}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    assert [one.day for one in unusual_days(home, DAY + timedelta(days=1))] == [DAY]
    assert unusual_days(home, DAY - timedelta(days=7)) == []
