"""The verbs on quarantined rows and on sources, through the command line, as runs of Dagster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import sale, write
from realty_assets_tests.markets import environment, realty_here, realty_json

pytestmark = pytest.mark.slow
FULL = os.environ.get("REALTY_TORTURE") == "full"


@pytest.fixture
def june(tmp_path: Path) -> Path:
    """A home that took in five good rows and three that break rules."""
    home = tmp_path / "market"
    rows = [*map(sale, range(5)), sale(10, Close_Price="$500"), sale(11, Close_Price="$0")]
    rows.append(sale(12, Close_Date="4/1/2021 12:00:00 AM"))
    path = write(tmp_path / "june.csv", rows)
    realty_here(home, "ingest", path, "--source", "har", REALTY_QUARANTINE_MAX_SHARE="1")
    return home


def table(home: Path, name: str) -> pl.DataFrame:
    return Warehouse.at(home / "warehouse.duckdb").read(name)


def versions(home: Path) -> dict[str, str]:
    """The data version of each ingestion asset, as Dagster's event log has it."""
    keys = ("ledger/decisions", "staging/listings", "staging/quarantine", "raw/listings")
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        found = {}
        for key in keys:
            event = instance.get_latest_materialization_event(dg.AssetKey(key.split("/")))
            assert event is not None
            assert event.asset_materialization is not None
            found[key] = str((event.asset_materialization.tags or {})["dagster/data_version"])
    return found


def test_rows_are_listed_shown_and_decided_upon(june: Path) -> None:
    listed = realty_json(june, "quarantine", "list")
    assert (listed["n_rows"], len(listed["rows"])) == (3, 3)
    assert {row["rule"] for row in listed["by_rule"]} >= {"price.token", "date.close_before_list"}
    assert "Sample Agent" not in str(listed)
    (late,) = realty_json(june, "quarantine", "list", "--rule", "date.close_before_list")["rows"]
    before = versions(june)
    why = "the list date was corrected by telephone"
    told = realty_json(
        june, "quarantine", "release", late["quarantine_id"], "--reason", why, "--by", "ann"
    )
    assert (told["verb"], told["n_rows"], told["n_staged"]) == ("release", 1, 1)
    after = versions(june)
    assert {key for key in before if before[key] != after[key]} == set(before) - {"raw/listings"}
    with dg.DagsterInstance.from_config(str(june / "dagster")) as instance:
        run = instance.get_run_by_id(told["run_id"])
    assert run is not None
    assert run.run_config["ops"]["ingestion"]["config"]["decision"]["reason"] == why
    assert table(june, "staging.listings").height == 6
    realty_here(june, "quarantine", "discard", "--line", "8", "--reason", "a test entry")
    left = realty_json(june, "quarantine", "retry", "--all", "--reason", "rules of today")
    assert (left["n_rows"], left["n_still_open"]) == (1, 1)
    shown = realty_json(june, "quarantine", "show", late["quarantine_id"][:8])
    assert (shown["resolution"], shown["line_number"]) == ("released", 9)
    assert "Sample Agent" in shown["raw_text"]
    assert [(one["decided_by"], one["verb"]) for one in shown["history"]] == [("ann", "release")]
    text = realty_here(june, "quarantine", "show", "--file", "june.csv", "--line", "8").stdout
    assert "The price is nothing or next to nothing." in text
    assert "a test entry" in text
    counts = realty_json(june, "quarantine", "list", "--resolution", "all")["by_resolution"]
    assert {row["resolution"]: row["n_rows"] for row in counts} == {
        **{"discarded": 1, "open": 1, "released": 1},
    }
    assert realty_here(june, "quarantine", "list").stdout.count("june.csv") == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["release", "--line", "7", "--reason", "  "], 1, "The reason is blank"),
        (["release", "--line", "7"], 2, "Missing option '--reason'"),
        (["release", "--reason", "x"], 1, "Say which rows to release"),
        (["discard", "--line", "99", "--reason", "x"], 1, "No row in quarantine fits"),
        (["list", "--resolution", "maybe"], 1, "There is no resolution 'maybe'"),
        (["list", "--rule", "price.tokn"], 1, "There is no rule 'price.tokn'"),
        (["show"], 1, "3 rows of it fit"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    june_once: Path, words: list[str], code: int, says: str
) -> None:
    done = realty_here(june_once, "quarantine", *words, check=False)
    assert done.returncode == code
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def june_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same home, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("june")
    rows = [*map(sale, range(5)), *(sale(number, Close_Price="$500") for number in (10, 11, 12))]
    path = write(folder / "june.csv", rows)
    realty_here(folder / "home", "ingest", path, REALTY_QUARANTINE_MAX_SHARE="1")
    return folder / "home"


def test_an_empty_home_has_no_quarantine(tmp_path: Path) -> None:
    done = realty_here(tmp_path / "home", "quarantine", "list", check=False)
    assert (done.returncode, "Nothing has been ingested yet" in done.stderr) == (1, True)


def test_a_blocked_source_is_refused_by_the_command_and_comes_in_later(tmp_path: Path) -> None:
    home, path = tmp_path / "market", write(tmp_path / "july.csv", [sale(1)])
    words = ["block-source", "har", "--reason", "prices in pesos", "--by", "ann"]
    dry = realty_json(home, *words, "--dry-run")
    assert (dry["already"], dry["dry_run"], realty_json(home, "status").get("files")) == (
        *(False, True),
        None,
    )
    assert realty_json(home, *words)["already"] is False
    assert realty_json(home, *words)["already"] is True
    done = realty_here(home, "ingest", path, check=False)
    assert done.returncode == 1
    assert "har was blocked by ann (prices in pesos)" in done.stderr
    assert table(home, "ledger.files")["status"].to_list() == ["blocked"]
    assert table(home, "staging.listings").height == 0
    (standing,) = realty_json(home, "status")["blocked_sources"]
    assert (standing["source"], standing["by"], standing["n_files_waiting"]) == ("har", "ann", 1)
    assert realty_json(home, "status")["waiting_in_inbox"] == []
    told = realty_json(home, "sources", "unblock", "har", "--reason", "mended")
    assert told["n_files_put_back"] == 1
    assert realty_json(home, "status")["waiting_in_inbox"] == ["har_matrix/july.csv"]
    realty_here(home, "run", "ingestion")
    assert table(home, "staging.listings").height == 1
    again = realty_json(home, "unblock-source", "har", "--reason", "again")
    assert (again["blocked"], again["already"]) == (False, True)


@pytest.mark.torture
@pytest.mark.parametrize("verb", ["release", "retry"] if FULL else ["release"])
def test_a_killed_decision_given_again_ends_as_if_nothing_had_happened(
    tmp_path: Path, verb: str
) -> None:
    rows = [*map(sale, range(50)), *(sale(n, Close_Price="$500") for n in range(60, 80))]
    path = write(tmp_path / "june.csv", rows)
    words = ["quarantine", verb, "--all", "--reason", "because"]
    prints = []
    for name in ("calm", "killed"):
        home = tmp_path / name
        realty_here(home, "ingest", path, REALTY_QUARANTINE_MAX_SHARE="1")
        if name == "killed":
            for after_s in (2.0, 3.0, 4.0, 5.0, 6.0) if FULL else (4.0,):
                process = subprocess.Popen(
                    [sys.executable, "-m", "realty_assets.cli", *words],
                    env=environment(home),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
                time.sleep(after_s)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        realty_here(home, *words)
        prints.append(realty_json(home, "fingerprint"))
    assert prints[0] == prints[1]
