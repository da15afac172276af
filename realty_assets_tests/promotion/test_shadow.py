"""The challenger of a real home values the homes that the champion has valued, in every batch."""

from __future__ import annotations

import dagster as dg
import pytest

from realty_assets.modeling.model import load_valuer
from realty_assets.promotion.policy import FILE
from realty_assets.serving import assets as serving
from realty_assets.serving import checks
from realty_assets.serving.shadow import SHADOWS
from realty_assets.warehouse import Warehouse
from realty_assets_tests.promotion.conftest import judge, policy_text
from realty_assets_tests.promotion.homes import held, prints

pytestmark = pytest.mark.slow
BATCH = (serving.valuations, serving.listing_valuations, serving.shadow_valuations)


@pytest.fixture(autouse=True)
def described(warehouse: Warehouse) -> None:
    """The town says nothing of addresses: what serving asks of a home beyond features is there."""
    with warehouse.transaction() as tx:
        for table in ("clean.listings", "clean.properties"):
            for column in ("unparsed_address", "city", "property_type", "latest_listing_key"):
                tx.conn.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} VARCHAR")


def value(warehouse: Warehouse) -> tuple[bool, bool]:
    """(whether the shadow table was reused, whether its check passes) after a batch."""
    done = dg.materialize(
        [*BATCH, checks.shadows_are_of_the_same_homes], resources={"warehouse": warehouse}
    )
    (made,) = done.asset_materializations_for_node(serving.shadow_valuations.op.name)
    (check,) = done.get_asset_check_evaluations()
    return bool(made.metadata["reused"].value), check.passed


def test_the_challenger_values_the_same_homes_once(warehouse: Warehouse) -> None:
    titles = held(warehouse)
    assert value(warehouse) == (False, True)
    shadows, values = warehouse.read(SHADOWS), warehouse.read("serving.valuations")
    assert len(shadows) == len(values) > 0
    assert set(shadows["champion_version"]) == {titles["champion"]}
    assert set(shadows["shadow_version"]) == {titles["challenger"]}
    key = ["source", "property_key", "listing_key"]
    both = shadows.join(values, on=key, nulls_equal=True)
    assert both["champion_value"].equals(both["value"].alias("champion_value"))
    (folder,) = warehouse.read("modeling.models").filter(model_version=titles["challenger"])[
        "artifact"
    ]
    challenger = load_valuer(warehouse.home / folder)
    asked = warehouse.read("features.matrix").filter(role="active").sort("listing_key")
    said = challenger.predict(asked)["value"]
    assert shadows.sort("listing_key")["shadow_value"].to_list() == said.to_list()

    before = prints(warehouse, [SHADOWS])
    assert value(warehouse) == (True, True)
    assert prints(warehouse, [SHADOWS]) == before


def test_a_shadow_that_cannot_speak_holds_nobody_up(warehouse: Warehouse) -> None:
    titles = held(warehouse)
    (folder,) = warehouse.read("modeling.models").filter(model_version=titles["challenger"])[
        "artifact"
    ]
    (warehouse.home / folder / "member_0.ubj").write_bytes(b"no model")
    assert value(warehouse) == (False, True)
    assert warehouse.read(SHADOWS).is_empty()
    assert len(warehouse.read("serving.valuations"))


def test_batches_stay_when_the_policy_wants_no_more_of_them(warehouse: Warehouse) -> None:
    value(warehouse)
    before = prints(warehouse, [SHADOWS])
    off = policy_text(("shadow: {batches: 12}", "shadow: null"))
    (warehouse.home / FILE).write_text(off)
    assert judge(warehouse).success
    assert "shadow" not in warehouse.read("promotion.aliases")["alias"]
    assert value(warehouse) == (False, True)
    assert prints(warehouse, [SHADOWS]) == before


def test_a_home_that_is_missing_from_the_shadow_is_told(warehouse: Warehouse) -> None:
    value(warehouse)
    with warehouse.transaction() as tx:
        tx.conn.execute(f"DELETE FROM {SHADOWS} WHERE disagreement_rank = 1")
    found = dg.materialize(
        [*BATCH, checks.shadows_are_of_the_same_homes],
        selection=dg.AssetSelection.checks(checks.shadows_are_of_the_same_homes),
        resources={"warehouse": warehouse},
    )
    (check,) = found.get_asset_check_evaluations()
    assert not check.passed
