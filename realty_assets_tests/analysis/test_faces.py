"""The faces of the room on a warehouse of their own: made, reused, and checks that can fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg
import polars as pl
import pytest

from realty_assets.analysis import assets, checks, making
from realty_assets.analysis.settings import PROFILES
from realty_assets.modeling.settings import PROFILES as MODEL_PROFILES
from realty_assets.warehouse import Warehouse
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import QUICK
from realty_assets_tests.modeling.test_assets import ASSETS, filled

ROOM = [
    *dg.load_assets_from_modules([assets]),
    *dg.load_asset_checks_from_modules([checks]),
]
HOW = replace(PROFILES["fast"], n_draws=100, effect_rows=150, pdp_rows=15, interaction_rows=10)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[Warehouse]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("REALTY_HOME", str(home))
        _quick(patch)
        kinds = {"property_type": pl.lit("Residential"), "property_sub_type": pl.lit("House")}
        warehouse = filled(home, town(900).with_columns(**kinds))
        assert dg.materialize([*ASSETS, *ROOM], resources={"warehouse": warehouse}).success
        yield warehouse


def _quick(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("REALTY_PROFILE", "fast")
    patch.setenv("REALTY_BACKTEST_MONTHS", "1")
    patch.setitem(MODEL_PROFILES, "fast", QUICK)
    patch.setitem(PROFILES, "fast", HOW)


@pytest.fixture(autouse=True)
def _fast(monkeypatch, made) -> None:
    monkeypatch.setenv("REALTY_HOME", str(made.home))
    _quick(monkeypatch)


def checked(warehouse: Warehouse) -> dict[str, bool]:
    """The verdicts of the room's checks, run alone."""
    result = dg.materialize(
        ROOM,
        resources={"warehouse": warehouse},
        selection=dg.AssetSelection.checks(
            *(one for one in ROOM if isinstance(one, dg.AssetChecksDefinition))
        ),
        raise_on_error=False,
    )
    return {e.check_name: e.passed for e in result.get_asset_check_evaluations()}


def test_every_table_is_made_and_nothing_twice(made) -> None:
    for table in [*making.CITED, making.CHURN, making.TAKEAWAYS]:
        assert not made.read(table).is_empty(), table
    again = dg.materialize(ROOM, resources={"warehouse": made})
    for event in again.get_asset_materialization_events():
        metadata = event.step_materialization_data.materialization.metadata
        assert metadata["reused"].value, event.asset_key


def test_a_page_that_is_gone_is_found_and_made_again(made) -> None:
    page = made.home / made.read(making.TAKEAWAYS)["path"][0]
    before = page.read_bytes()
    page.unlink()
    assert not checked(made)["takeaways_are_whole"]
    only = dg.AssetSelection.assets(["analysis", "takeaways"])
    assert dg.materialize(ROOM, resources={"warehouse": made}, selection=only).success
    assert page.read_bytes() == before


@pytest.mark.parametrize(
    ("table", "change", "check"),
    [
        (
            making.ATTRIBUTIONS,
            pl.when(pl.col("rank") == 3).then(0.0).otherwise("dollars_usd").alias("dollars_usd"),
            "contributions_sum_to_the_value",
        ),
        (
            making.ABLATIONS,
            pl.col("last_month").dt.offset_by("3mo"),
            "ablations_end_before_the_window",
        ),
        (making.SIGNS, pl.lit("against").alias("verdict"), "values_answer_as_expected"),
    ],
)
def test_what_is_wrong_fails_its_check(made, table, change, check) -> None:
    whole = made.read(table)
    made.replace(table, whole.with_columns(change))
    verdicts = checked(made)
    made.replace(table, whole)
    assert not verdicts.pop(check)
    verdicts.pop("values_answer_as_expected", None)
    assert all(verdicts.values())
    assert checked(made)["contributions_sum_to_the_value"]
