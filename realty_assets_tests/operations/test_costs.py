"""What a run takes is measured beside it, priced by its day, and held against the budgets."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from realty_assets import automation
from realty_assets.budgets import Costs, CostsError, overstepped, read_costs
from realty_assets.faces import built
from realty_assets.home_runs import instance_of
from realty_assets.killed_runs import OPEN
from realty_assets.metering import RUNS, Meter, begin, totals, totals_file
from realty_assets.operations.costing import COSTS, take_in
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import realty_json
from realty_assets_tests.operations.conftest import Kept
from realty_assets_tests.operations.homes import copy_tree

NOW = datetime(2026, 11, 28, 12)


def work(seconds: float) -> None:
    """Keeps one core busy for so much of its own time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        sum(range(1000))


def test_a_meter_tells_work_from_waiting_and_sees_memory() -> None:
    meter = Meter()
    times = [time.time()]
    work(0.4)
    times.append(time.time())
    time.sleep(0.4)
    times.append(time.time())
    held = bytearray(64 << 20)
    times.append(time.time())
    meter.stop()
    worked, waited = meter.between(*times[:2]), meter.between(*times[1:3])
    assert 0.25 < worked[0] < 0.7
    assert waited[0] < 0.2
    assert meter.between(*times[2:])[1] - worked[1] > len(held) // 2
    assert meter.between(0.0, 1.0)[0] == 0.0


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    return Warehouse.at(home / "warehouse.duckdb")


def run_once(warehouse: Warehouse, price: float) -> str:
    """A run of three steps: one makes a table, one makes two, one makes none and fails."""

    @dg.asset(key=["clean", "prices"])
    def prices(warehouse: Warehouse) -> dg.MaterializeResult:
        work(0.1)
        return built(
            warehouse,
            "clean.prices",
            inputs=[],
            code_version="1",
            settings={"price": price},
            compute=lambda: pl.DataFrame({"price": [price] * 50}),
        )

    @dg.multi_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b")], name="pair")
    def pair() -> Any:
        for name in ("a", "b"):
            yield dg.MaterializeResult(asset_key=name)

    @dg.asset
    def fails() -> None:
        raise RuntimeError("no table today")

    with instance_of(warehouse.home) as instance:
        done = dg.materialize(
            [prices, pair, fails],
            instance=instance,
            resources={"warehouse": warehouse},
            raise_on_error=False,
        )
    return done.run_id


def test_a_run_leaves_a_row_for_each_table_and_no_second_one(warehouse: Warehouse) -> None:
    first = run_once(warehouse, 1.0)
    assert [path.stem for path in (warehouse.home / RUNS).iterdir()] == [first]
    assert take_in(warehouse) == 1
    second = run_once(warehouse, 1.0)
    told = (warehouse.home / RUNS / f"{second}.json").read_text()
    assert (take_in(warehouse), take_in(warehouse)) == (1, 0)
    # A kill came between the rows and the end of their file.
    (warehouse.home / RUNS / f"{second}.json").write_text(told)
    assert take_in(warehouse) == 0
    rows = warehouse.read(COSTS)
    assert rows.height == 2 * 4
    made = rows.filter(pl.col("asset") == "clean.prices").sort("started_at")
    assert made["run_id"].to_list() == [first, second]
    assert made["reused"].to_list() == [False, True]
    assert made["n_rows"].to_list() == [50, 50]
    assert made["table_bytes"][1] is None
    assert (made["cpu_s"] > 0.03).all()
    assert (rows["wall_s"] > 0).all()
    assert (rows["peak_rss_bytes"] > 10 << 20).all()
    assert rows.filter(pl.col("step") == "fails")["outcome"].to_list() == ["failed"] * 2
    price = read_costs().prices[0]
    one = made.row(0, named=True)
    assert one["price_version"] == price.since
    gib_s = one["peak_rss_bytes"] / (1 << 30) * one["wall_s"]
    assert one["est_cost_usd"] == pytest.approx(price.of(one["cpu_s"], gib_s))


KILLED = (
    "import os, signal, sys, time\n"
    "from pathlib import Path\n"
    "from realty_assets import metering\n"
    "metering.BEAT_S = 0.1\n"
    "metering.begin('killed', 'all', Path(sys.argv[1]))\n"
    "end = time.process_time() + 0.5\n"
    "while time.process_time() < end:\n"
    "    sum(range(1000))\n"
    "os.kill(os.getpid(), signal.SIGKILL)\n"
)


def test_a_killed_run_leaves_a_row_of_what_it_had_taken(warehouse: Warehouse) -> None:
    begin("alive", "all", warehouse.home)
    done = subprocess.run([sys.executable, "-c", KILLED, str(warehouse.home)], check=False)
    assert done.returncode == -signal.SIGKILL
    note = (warehouse.home / OPEN / "killed.json").read_text()
    assert (take_in(warehouse), take_in(warehouse)) == (1, 0)
    # A kill came between the row and the end of its note.
    (warehouse.home / OPEN / "killed.json").write_text(note)
    assert take_in(warehouse) == 0
    (row,) = warehouse.read(COSTS).to_dicts()
    assert (row["run_id"], row["job"], row["outcome"], row["step"]) == (
        *("killed", "all", "killed"),
        None,
    )
    assert row["cpu_s"] > 0.2
    assert row["est_cost_usd"] > 0
    assert [one["run_id"] for one in totals(warehouse.home, row["started_at"])] == ["killed"]
    assert [path.stem for path in (warehouse.home / OPEN).glob("*.json")] == ["alive"]


def spent(home: Path, *runs: tuple[float, str]) -> None:
    """Runs of so many CPU hours, as they are told of in their month."""
    for hours, at in runs:
        path = totals_file(home, datetime.fromisoformat(at))
        path.parent.mkdir(exist_ok=True)
        told = {"run_id": at, "ended_at": at, "wall_s": 1.0, "cpu_s": 3600 * hours, "gib_s": 0.0}
        with path.open("a") as file:
            file.write(json.dumps(told) + "\n")


def budget(home: Path, **limits: str) -> None:
    lines = [f"  {name}: {said}" for name, said in limits.items()]
    text = "version: 1\nprices:\n  - {since: 2026-01-01, cpu_hour_usd: 1.0, gib_hour_usd: 0.0}\n"
    (home / "costs.yaml").write_text("\n".join([text + "budgets:", *lines]))


def test_budgets_warn_and_then_stop_what_starts_by_itself(home: Path) -> None:
    spent(home, (3.0, "2026-10-30T00:00:00"), (3.0, "2026-11-02T00:00:00"), (1.0, str(NOW)))
    assert overstepped(home, NOW) == []
    budget(home, monthly_usd="{soft: 3.5, hard: 5}")
    (soft,) = overstepped(home, NOW)
    assert not soft.hard
    assert "The runs of 2026-11 cost 4 US dollars: over the soft limit of 3.5" in soft.sentence
    budget(home, monthly_usd="{soft: 1, hard: 3.5}", run_usd="{hard: 0.5}")
    assert [one.hard for one in overstepped(home, NOW)] == [True, True]
    # Another month begins.
    assert overstepped(home, datetime(2026, 12, 1)) == []


def test_over_a_hard_budget_every_sensor_says_so(home: Path) -> None:
    now = datetime.now(UTC).replace(tzinfo=None).isoformat()
    spent(home, (9.0, now))
    budget(home, monthly_usd="{hard: 5}")
    (home / "inbox" / "a.csv").write_text("a,b")
    with (
        instance_of(home) as instance,
        dg.build_sensor_context(instance=instance) as context,
    ):
        tick = automation.inbox_sensor.evaluate_tick(context)
    assert "over the hard limit of 5" in str(tick.skip_message)
    assert realty_json(home, "status")["over_budget"]


def test_a_line_that_a_kill_cut_short_is_left_out(home: Path) -> None:
    spent(home, (1.0, str(NOW)))
    with totals_file(home, NOW).open("a") as file:
        file.write('{"run_id": "cut')
    assert len(totals(home, NOW)) == 1
    run = run_once(Warehouse.at(home / "warehouse.duckdb"), 1.0)
    now = datetime.now(UTC).replace(tzinfo=None)
    assert [one["run_id"] for one in totals(home, now)][-1] == run


def test_prices_hold_from_their_day_on_and_a_list_out_of_order_is_refused(home: Path) -> None:
    days = [{"since": f"202{n}-01-01", "cpu_hour_usd": n, "gib_hour_usd": 0} for n in (6, 7)]
    costs = Costs.model_validate({"version": 1, "prices": days})
    asked = (date(2025, 5, 1), date(2026, 12, 31), date(2027, 1, 1))
    assert [costs.price_on(day).cpu_hour_usd for day in asked] == [6, 6, 7]
    (home / "costs.yaml").write_text(json.dumps({"version": 1, "prices": days[::-1]}))
    with pytest.raises(CostsError, match="each day once"):
        read_costs(home)


@pytest.mark.slow
def test_the_runs_of_a_market_are_told_by_run_table_and_unit_of_work(
    kept: Kept, tmp_path: Path
) -> None:
    home = copy_tree(kept.home, tmp_path / "home")
    told = realty_json(home, "costs")
    assert told["n_runs"] >= 2
    assert told["est_cost_usd"] > 0
    work_done = {row["work"]: row for row in told["work"]}
    # No promotion was held against a champion yet: no gain to share the cost.
    assert set(work_done) == {"per 1,000 valuations", "per retraining", "per promoted model"}
    assert work_done["per retraining"]["units"] == 1
    assert all(row["est_cost_usd"] > 0 for row in told["work"]), told["work"]
    assert [row["job"] for row in told["runs"]][::-1][:2] == ["ingest", "all"]
    dear = {row["asset"] for row in told["assets"][:15]}
    assert dear & {"modeling.walk_forward", "modeling.trials", "modeling.models"}
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    rows = warehouse.read(COSTS)
    assert rows.group_by("run_id", "step", "asset").len()["len"].max() == 1
