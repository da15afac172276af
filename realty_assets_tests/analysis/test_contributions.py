"""Parts of a value: they add up, they are Shapley values, and a part unknown is found out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.analysis.attributions import (
    KEYS,
    attribution_rows,
    dollars,
    explained_homes,
    wrong_homes,
)
from realty_assets.analysis.contributions import (
    TOLERANCE,
    NoModel,
    _booster,
    _rows,
    explain,
    log_values,
    newest_model,
)
from realty_assets.analysis.importance import global_importance
from realty_assets.modeling.points import inputs_of


@pytest.fixture(scope="module")
def homes(small):
    return small.matrix.filter(pl.col("role") == "sale").tail(120)


@pytest.fixture(scope="module")
def parts(small, homes):
    return explain(small.valuer, homes)


def test_parts_sum_to_the_published_value_within_float32(small, homes, parts) -> None:
    value = small.valuer.predict(homes)["value"].to_numpy()
    assert np.array_equal(np.exp(parts.log_value), value)
    assert np.abs(parts.rounding).max() < TOLERANCE / 3
    assert parts.level_shift == small.valuer.calibration.level_shift != 0.0
    assert np.abs(parts.start).max() > 0.05


def test_contributions_are_those_of_the_tree_explainer(small, homes, parts) -> None:
    import shap

    point, few = small.valuer.point, homes.head(20)
    inputs, start = inputs_of(few, point.names), point.start(few)
    total = np.zeros((len(few), len(parts.names)))
    for member, raw in zip(point.members, point.boosters, strict=True):
        explainer = shap.TreeExplainer(_booster(raw, 1))
        offset = member.comps_as == "offset"
        seen = inputs if offset else np.hstack([inputs, start.astype(np.float32)[:, None]])
        found = explainer.shap_values(seen)
        total[:, : found.shape[1]] += found
    ours = parts.features[: len(few)]
    assert np.allclose(total / len(point.members), ours, atol=2e-5)
    assert np.abs(ours).max() > 0.02


def test_the_bias_of_a_member_is_one_number_for_all_homes(small, homes) -> None:
    point = small.valuer.point
    inputs, start = inputs_of(homes, point.names), point.start(homes)
    for member, raw in zip(point.members, point.boosters, strict=True):
        rows = _rows(point, inputs, start, member)
        bias = _booster(raw, 1).predict(rows, pred_contribs=True)[:, -1]
        assert len(np.unique(bias)) == 1


def test_neither_threads_nor_company_change_a_homes_parts(small, homes, parts) -> None:
    alone = explain(small.valuer, homes[7:8], n_threads=2)
    assert np.array_equal(alone.features[0], parts.features[7])
    assert alone.base == parts.base


@given(st.lists(st.floats(-0.8, 0.8), min_size=1, max_size=6), st.floats(10.0, 15.0), st.booleans())
def test_dollars_add_up_and_never_change_a_parts_sign(points, base, cancel) -> None:
    if cancel:
        points = [*points, -sum(points)]
    log_points = np.array([points])
    value = base + log_points.sum(axis=1)
    usd = dollars(log_points, base, value)
    assert np.exp(base) + usd.sum() == pytest.approx(np.exp(value[0]), rel=1e-9)
    assert (np.sign(usd) == np.sign(log_points)).all()


def test_the_table_has_every_homes_parts_and_they_sum_to_the_value(small, homes, parts) -> None:
    table = attribution_rows(homes, parts, small.families, "m", 5)
    assert len(table) == len(homes) * (1 + 5 + 5)
    value = small.valuer.predict(homes)["value"].to_numpy()
    assert wrong_homes(table, homes, value).is_empty()
    first = table.filter(pl.col("listing_key") == homes["listing_key"][0])
    top = first.filter(pl.col("kind") == "feature")
    sizes = np.sort(np.abs(parts.features[0]))[::-1][:5]
    assert np.allclose(top["log_points"].abs().to_numpy(), sizes)
    names = dict(zip(parts.names, range(len(parts.names)), strict=True))
    for name, seen in top.select("part", "feature_value").iter_rows():
        assert seen == homes[name][0], names[name]


def test_wrong_doubled_and_missing_homes_are_found(small, homes, parts) -> None:
    table = attribution_rows(homes, parts, small.families, "m", 5)
    value = small.valuer.predict(homes)["value"].to_numpy()
    off = value.copy()
    off[3] *= 1.0001
    wrong = wrong_homes(table, homes, off)
    assert wrong["listing_key"].to_list() == [homes["listing_key"][3]]
    key = homes["listing_key"][5]
    without = table.filter(pl.col("listing_key") != key)
    assert wrong_homes(without, homes, value)["listing_key"].to_list() == [key]
    doubled = pl.concat([table, table.filter(pl.col("listing_key") == key)])
    assert wrong_homes(doubled, homes, value)["listing_key"].to_list() == [key]


def test_a_part_of_the_value_that_is_not_known_is_no_rounding(small, homes, parts) -> None:
    more = replace(parts, log_value=parts.log_value + 0.002)
    table = attribution_rows(homes, more, small.families, "m", 5)
    assert len(wrong_homes(table, homes, np.exp(more.log_value))) == len(homes)


def test_a_home_without_a_market_is_explained_too(small) -> None:
    early = small.matrix.filter(pl.col("hedonic_log_value").is_null()).head(5)
    assert len(early)
    found = explain(small.valuer, early)
    assert np.abs(found.rounding).max() < TOLERANCE
    assert (found.index == 0.0).all()


def test_homes_are_drawn_by_their_keys_and_last_months_sales_are_among_them(small) -> None:
    today = small.matrix.tail(60).with_columns(
        role=pl.lit("active"),
        close_date=pl.lit(None, dtype=pl.Date),
        close_price=pl.lit(None, dtype=pl.Float64),
    )
    matrix = pl.concat([small.matrix, today])
    some = explained_homes(matrix, 20)
    assert (some["role"] == "active").sum() == 20
    shuffled = explained_homes(matrix.sample(fraction=1.0, shuffle=True, seed=3), 20)
    assert some.select(KEYS).equals(shuffled.select(KEYS))
    assert (some["role"] == "sale").sum() == 20
    every = explained_homes(matrix, 1000)
    assert (every["role"] == "active").sum() == 60
    sold = every.filter(pl.col("role") == "sale")["close_date"]
    assert {(day.year, day.month) for day in sold.to_list()} == {(2021, 11)}
    assert len(sold) > 20


def test_nobody_to_value_and_no_model() -> None:
    from realty_assets.modeling.training import SCHEMA

    models = pl.DataFrame(schema=SCHEMA)
    with pytest.raises(NoModel, match="realty run modeling"):
        newest_model(models)
    rows = [
        {"track": "off_market", "model_version": v, "mlflow_version": i}
        for v, i in [("a", 2), ("b", 1)]
    ]
    assert newest_model(pl.DataFrame(rows))["model_version"] == "a"


def test_an_empty_market_gives_empty_tables(small) -> None:
    nobody = small.matrix.head(0)
    parts = explain(small.valuer, nobody)
    assert attribution_rows(nobody, parts, small.families, "m", 12).is_empty()
    assert global_importance(parts, small.families, seed=1, n_draws=10).is_empty()


def test_importance_is_the_mean_size_and_families_are_sums(small, homes, parts) -> None:
    table = global_importance(parts, small.families, seed=1, n_draws=200)
    named = {(r["level"], r["name"]): r for r in table.to_dicts()}
    at = parts.names.index("ln_living_area")
    row = named["feature", "ln_living_area"]
    assert row["mean_abs_log"] == pytest.approx(np.abs(parts.features[:, at]).mean())
    assert row["mean_abs_log_low"] <= row["mean_abs_log"] <= row["mean_abs_log_high"]
    structure = [i for i, name in enumerate(parts.names) if small.families[name] == "structure"]
    assert named["family", "structure"]["mean_abs_log"] == pytest.approx(
        np.abs(parts.features[:, structure].sum(axis=1)).mean()
    )
    shares = table.group_by("level").agg(pl.col("share").sum())["share"]
    assert np.allclose(shares.to_numpy(), 1.0)
    again = explain(small.valuer, homes[::-1])
    assert np.array_equal(again.features[::-1], parts.features)
    assert log_values(small.valuer, homes)[0] == parts.log_value[0] - parts.level_shift
    assert date(2021, 12, 20) == small.valuer.cutoff
