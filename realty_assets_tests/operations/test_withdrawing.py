"""A withdrawn page is out of sight, kept, and told of, whatever is made or killed meanwhile."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from realty_assets import withdrawals as state
from realty_assets.operations.doctor import files as doctor_files
from realty_assets.operations.doctor.finding import Patient
from realty_assets.operations.records import ACTIONS, BadAction
from realty_assets.operations.withdrawing import NoSuchPage, follow_up, turn_page
from realty_assets.pages import damaged, write_page
from realty_assets.switches import Turn, write_turns
from realty_assets.warehouse import Warehouse

ASKED = {"reason": "values of the lake <district> are off", "by": "Ann"}
PAGE = Path("reports/market.html")


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    """A home with one page."""
    made = Warehouse.at(home / "warehouse.duckdb")
    made.replace("serving.reports", write_page(home, PAGE, "<html>what was said", "realty report"))
    return made


def turn(warehouse: Warehouse, verb: str, **more: bool) -> dict:
    return turn_page(warehouse, verb, "market", **ASKED, **more)


def test_a_withdrawn_page_is_kept_with_a_notice_in_its_place_and_comes_back(
    warehouse: Warehouse,
) -> None:
    home, written = warehouse.home, warehouse.read("serving.reports")
    assert turn(warehouse, "withdraw", dry_run=True)["dry_run"] is True
    assert (home / PAGE).read_text() == "<html>what was said"
    told = turn(warehouse, "withdraw")
    assert (told["page"], told["withdrawn"], told["already"]) == (str(PAGE), True, False)
    notice = (home / PAGE).read_text()
    assert "withdrawn" in notice
    assert "lake &lt;district&gt; are off" in notice
    assert "what was said" not in notice
    assert (home / "withdrawn" / PAGE).read_text() == "<html>what was said"
    assert turn(warehouse, "withdraw")["already"] is True
    # Nothing is damaged: the page is where withdrawn pages are.
    assert damaged(home, written) == []
    assert list(doctor_files.named(Patient(home))) == []
    told = turn(warehouse, "reinstate")
    assert (told["withdrawn"], told["already"]) == (False, False)
    assert turn(warehouse, "reinstate")["already"] is True
    assert (home / PAGE).read_text() == "<html>what was said"
    assert warehouse.read(ACTIONS)["verb"].to_list() == ["withdraw", "reinstate"]


def test_a_page_that_is_made_anew_stays_withdrawn(warehouse: Warehouse) -> None:
    home = warehouse.home
    turn(warehouse, "withdraw")
    again = write_page(home, PAGE, "<html>newer", "realty report")
    assert damaged(home, again) == []
    assert "newer" not in (home / PAGE).read_text()
    turn(warehouse, "reinstate")
    assert (home / PAGE).read_text() == "<html>newer"


@pytest.mark.parametrize("step", ["said", "moved", "done"])
def test_a_withdrawal_that_was_killed_is_followed_up_and_gets_its_row(
    warehouse: Warehouse, step: str
) -> None:
    home = warehouse.home
    asked = Turn("one", str(PAGE), state.WITHDRAW, "Ann", "off", datetime(2026, 1, 2))
    write_turns(home, [asked], state.FILE)
    kept = home / "withdrawn" / PAGE
    if step != "said":
        kept.parent.mkdir(parents=True)
        (home / PAGE).rename(kept)
    if step == "done":
        state.follow(home, [asked])
    assert turn(warehouse, "withdraw")["already"] is True
    assert "2026-01-02" in (home / PAGE).read_text()
    assert kept.read_text() == "<html>what was said"
    rows = warehouse.read(ACTIONS)
    assert rows.select("action_id", "verb", "target").rows() == [("one", "withdraw", str(PAGE))]
    back = Turn("two", str(PAGE), state.REINSTATE, "Ann", "fine", datetime(2026, 1, 3))
    write_turns(home, [asked, back], state.FILE)
    follow_up(warehouse)
    assert (home / PAGE).read_text() == "<html>what was said"


def test_what_is_no_page_and_what_has_no_reason_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(NoSuchPage, match=r"no published page 'markets'; there are: .*market\.html"):
        turn_page(warehouse, "withdraw", "markets", **ASKED)
    with pytest.raises(BadAction, match="reason is blank"):
        turn_page(warehouse, "withdraw", "market", reason=" ", by="Ann")
    warehouse.replace(
        "exploration.reports", pl.DataFrame({"name": ["market"], "path": ["reports/other.html"]})
    )
    with pytest.raises(NoSuchPage, match="goes by several pages: name one of"):
        turn(warehouse, "withdraw")
