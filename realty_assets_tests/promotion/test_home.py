"""The gate on a real home: evidence, verdict, approval, rollback, and MLflow behind them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from realty_assets.cli import app
from realty_assets.promotion.actions import BadPromotion
from realty_assets.promotion.making import StaleEvidence
from realty_assets.promotion.policy import FILE
from realty_assets.serving.champion import NoChampion
from realty_assets.serving.champion import champion as champion_of
from realty_assets.warehouse import Warehouse
from realty_assets_tests.promotion.conftest import judge, policy_text
from realty_assets_tests.promotion.homes import held, prints

pytestmark = pytest.mark.slow
LENIENT = policy_text(
    ("margin: 0.01", "margin: 0.19"), ("segment_margin: 0.02", "segment_margin: 1")
)


def realty(*words: str) -> dict[str, Any]:
    """What a command prints as JSON; raises what it raises."""
    done = CliRunner().invoke(app, [*words, "--json"])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout)


def last(warehouse: Warehouse) -> dict[str, Any]:
    return warehouse.read("promotion.decisions").row(-1, named=True)


def test_the_candidate_is_judged_on_the_sales_that_the_champion_has_not_seen(
    warehouse: Warehouse,
) -> None:
    first, second = warehouse.read("promotion.decisions").to_dicts()
    assert (first["verdict"], first["champion_version"]) == ("promote", None)
    assert second["champion_version"] == first["model_version"]
    assert held(warehouse)["champion"] == first["model_version"]
    pairs = warehouse.read("promotion.paired_sales")
    assert pairs["cutoff"].unique().sort().to_list() == [date(2021, 10, 1), date(2021, 11, 1)]
    key = ["listing_key", "close_date", "cutoff"]
    judged = warehouse.read("modeling.predictions").filter("is_headline")
    both = pairs.join(judged, on=key, suffix="_headline")
    assert len(both) == len(pairs) == len(judged)
    assert both["value"].equals(both["prediction"].alias("value"))
    assert both["lower_90"].equals(both["lower_90_headline"].alias("lower_90"))
    # A fold's model of the champion's own day knows what the champion knows: the same values.
    same = pl.col("cutoff") == date(2021, 10, 1)
    assert (both.filter(same)["value"] / both.filter(same)["champion_value"] - 1).abs().max() < 1e-9
    assert (both.filter(~same)["value"] != both.filter(~same)["champion_value"]).mean() > 0.9
    gates = {gate["name"]: gate for gate in json.loads(second["gates"])}
    assert gates["paired sales"]["seen"] == pairs["excluded_by"].null_count()
    assert {gate["family"] for gate in gates.values()} == {
        *("data", "floors", "accuracy", "intervals", "equity", "model")
    }
    assert "a gain of" in gates["gain on paired sales"]["note"]
    assert second["ms_per_home"] > 0
    evidence = json.loads(second["evidence"])
    assert (evidence["looks"], evidence["n_paired_sales"]) == (0, len(pairs))


def test_a_dry_run_says_what_a_run_would_and_writes_nothing(warehouse: Warehouse) -> None:
    before, row = prints(warehouse), last(warehouse)
    told = realty("promote", "--dry-run")
    assert (told["verdict"], told["reason"]) == (row["verdict"], row["reason"])
    assert told["gates"] == json.loads(row["gates"])
    (warehouse.home / FILE).write_text(LENIENT)
    assert realty("promote", "--dry-run")["verdict"] == "promote"
    assert prints(warehouse) == before


def test_what_is_the_same_is_not_judged_again_and_a_new_policy_is(warehouse: Warehouse) -> None:
    before = prints(warehouse)
    assert judge(warehouse).success
    with warehouse.transaction() as tx:  # as if another table had been made in between
        tx.conn.execute("UPDATE ledger.builds SET input_hash = '' WHERE table_name LIKE 'promo%'")
    assert judge(warehouse).success
    assert prints(warehouse) == before
    with warehouse.transaction() as tx:
        tx.conn.execute("UPDATE promotion.decisions SET ms_per_home = 7")
    assert prints(warehouse) == before
    (warehouse.home / FILE).write_text(LENIENT)
    assert judge(warehouse).success
    row = last(warehouse)
    assert (row["verdict"], row["approval"]) == ("promote", "waiting")
    assert json.loads(row["evidence"])["looks"] == 1
    gates = {gate["name"]: gate for gate in json.loads(row["gates"])}
    assert gates["reproducible"]["passed"] is True
    assert gates["reproducible"]["note"] == f"came out as {row['model_version']}"


def test_a_model_whose_inputs_have_moved_on_cannot_be_shown_to_be_reproducible(
    warehouse: Warehouse,
) -> None:
    (warehouse.home / FILE).write_text(LENIENT)
    with warehouse.transaction() as tx:
        tx.conn.execute(
            "UPDATE ledger.builds SET output_hash = 'other' WHERE table_name = 'clean.sales'"
        )
    assert judge(warehouse).success
    row = last(warehouse)
    assert row["verdict"] == "inconclusive"
    assert "inputs moved on" in row["reason"]


def test_without_a_common_month_it_is_inconclusive_and_says_so(warehouse: Warehouse) -> None:
    n = len(warehouse.read("promotion.paired_sales"))
    with warehouse.transaction() as tx:  # as when the champion is of the day of the candidate
        tx.conn.execute("DELETE FROM modeling.predictions WHERE cutoff >= DATE '2021-10-01'")
        tx.conn.execute("UPDATE ledger.builds SET input_hash = '' WHERE table_name LIKE 'promo%'")
    assert judge(warehouse).success
    row = last(warehouse)
    assert row["verdict"] == "inconclusive"
    assert "no month of the headline begins on or after the champion's 2021-10-01" in row["reason"]
    assert held(warehouse)["challenger"] == row["model_version"]
    # The evidence of the decision before went with its pair: it is the same pair.
    assert len(warehouse.read("promotion.paired_sales")) < n


def test_a_walk_of_other_sales_is_refused_and_says_what_to_do(warehouse: Warehouse) -> None:
    with warehouse.transaction() as tx:
        tx.conn.execute("DELETE FROM modeling.predictions WHERE listing_key LIKE '%7'")
    with pytest.raises(StaleEvidence, match="materialize modeling/predictions first"):
        realty("promote", "--dry-run")


def test_a_person_promotes_and_goes_back(warehouse: Warehouse) -> None:
    champion, challenger = (held(warehouse)[alias] for alias in ("champion", "challenger"))
    with pytest.raises(BadPromotion, match="reason is blank"):
        realty("promote")
    with pytest.raises(BadPromotion, match="nothing to roll"):
        realty("rollback", "--reason", "a try")
    if last(warehouse)["verdict"] != "promote":
        with pytest.raises(BadPromotion, match="newest verdict"):
            realty("promote", "--reason", "a try")
    (warehouse.home / FILE).write_text(LENIENT)
    assert judge(warehouse).success
    told = realty("promote", "--reason", "fresher", "--by", "Ann")
    assert (told["approval"], told["already"]) == ("approved by Ann", False)
    assert held(warehouse) == {"champion": challenger, "previous_champion": champion}
    assert last(warehouse)["decision_id"] == told["decision_id"]
    again = realty("promote", "--reason", "fresher", "--by", "Ann")
    assert (again["already"], again["decision_id"]) == (True, told["decision_id"])
    told = realty("rollback", "--reason", "a mistake", "--by", "Ann")
    assert told["model_version"] == champion
    assert held(warehouse) == {"champion": champion, "challenger": challenger}
    rows = warehouse.read("promotion.decisions").filter(pl.col("decided_by") == "Ann")
    assert rows["verdict"].to_list() == ["promote", "rollback"]
    # The next run judges again, and what was said of the same evidence stands.
    n = len(warehouse.read("promotion.decisions"))
    assert judge(warehouse).success
    assert len(warehouse.read("promotion.decisions")) == n
    assert held(warehouse)["champion"] == champion
    seen = prints(warehouse)
    assert realty("demote", "--reason", "a try", "--dry-run")["already"] is False
    assert prints(warehouse) == seen
    told = realty("demote", "--reason", "values are off", "--by", "Ann")
    assert (told["verdict"], told["model_version"], told["already"]) == ("demote", champion, False)
    assert held(warehouse) == {"previous_champion": champion, "challenger": challenger}
    with pytest.raises(NoChampion, match=rf"{champion} was taken down on .* by Ann: values are"):
        champion_of(warehouse)
    assert realty("demote", "--reason", "values are off", "--by", "Ann")["already"] is True
    assert judge(warehouse).success
    assert "champion" not in held(warehouse)
    assert realty("rollback", "--reason", "they are right", "--by", "Ann")["already"] is False
    assert held(warehouse) == {"champion": champion, "challenger": challenger}
