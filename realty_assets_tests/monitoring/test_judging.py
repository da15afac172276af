"""A shifted column is found and a calm one is not; luck is kept within what the policy allows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from realty_assets.monitoring.judging import judge
from realty_assets_tests.monitoring.samples import emptied, measured, normal, policy, rows, words


def breaches(found: pl.DataFrame) -> set[tuple[str, str]]:
    return set(found.filter("breached").select("feature", "method").iter_rows())


@pytest.mark.parametrize(
    ("changed", "methods"),
    [
        ({"x": lambda rng, n: rng.normal(1.0, 1.0, n)}, {("x", "psi"), ("x", "ks")}),
        ({"x": emptied(normal, 0.3)}, {("x", "psi"), ("x", "null_share")}),
        ({"w": words(1, 1, 8)}, {("w", "psi"), ("w", "jensen_shannon")}),
        (
            {"w": words(5, 3, 2, 2)},
            {("w", "psi"), ("w", "jensen_shannon"), ("w", "unseen_share")},
        ),
    ],
)
def test_what_has_changed_is_found_and_nothing_else(changed: dict, methods: set) -> None:
    columns = {"x": normal, "calm": normal, "w": words(5, 3, 2), "v": words(1, 1, 1)}
    found = judge(measured(rows(columns, later=changed)), policy())
    assert breaches(found) == methods
    told = found.filter("breached")
    assert set(told["n_consecutive"]) == {1, 2}
    assert set(told.filter(pl.col("n_consecutive") == 2)["month"]) == {told["month"].max()}


def test_false_discoveries_stay_within_the_policy() -> None:
    """Of calm months nearly nothing is called sure; of changed ones, few that are calm."""
    n_calm, n_changed, seeds = 60, 20, range(12)
    plain = policy(methods={name: {"warn": 1e-9, "critical": 9} for name in policy().methods})
    calm = {f"calm{at}": normal for at in range(n_calm)}
    changed = {f"changed{at}": normal for at in range(n_changed)}
    nothing, wrong, told = 0, [], 0
    for seed in seeds:
        quiet = measured(rows(calm, seed=seed, n_reference=4, n_later=1, per_month=200))
        sure = pl.col("q_value") <= plain.false_discoveries
        nothing += judge(quiet, plain).filter(sure & (pl.col("method") == "ks")).height
        moved = {name: lambda rng, n: rng.normal(0.5, 1, n) for name in changed}
        mixed = measured(
            rows(calm | changed, later=moved, seed=seed, n_reference=4, n_later=1, per_month=200)
        )
        found = judge(mixed, plain).filter(sure & (pl.col("method") == "ks"))
        told += found.filter(pl.col("feature").str.starts_with("changed")).height
        wrong.append(
            found.filter(pl.col("feature").str.starts_with("calm")).height / max(len(found), 1)
        )
    assert nothing <= 2
    assert np.mean(wrong) <= 0.03
    assert told >= 0.95 * n_changed * len(seeds)


def test_what_the_reference_does_itself_is_no_news() -> None:
    """A level that wanders from month to month in the reference may wander on."""
    levels = np.random.default_rng(3).normal(0, 0.5, 12)
    frame = rows({"x": normal}, n_reference=10, n_later=2).sort("month")
    wander = pl.Series(np.repeat(levels, 400))
    moved = judge(measured(frame.with_columns(pl.col("x") + wander)), policy())
    assert breaches(moved) == set()
    far = frame.with_columns(pl.col("x") + wander + pl.when("in_reference").then(0).otherwise(6))
    assert ("x", "psi") in breaches(judge(measured(far), policy()))


def test_a_month_that_is_small_or_of_the_reference_is_not_judged() -> None:
    far = {"x": lambda rng, n: rng.normal(3, 1, n)}
    small = rows({"x": normal}, later=far, per_month=60, n_reference=8)
    found = judge(measured(small), policy())
    assert not found["judged"].any()
    assert breaches(found) == set()
    assert judge(measured(rows({"x": normal}, n_later=0)), policy())["judged"].sum() == 0


def test_a_calm_month_ends_the_count() -> None:
    frame = rows({"x": normal}, n_later=4).sort("month")
    months = frame["month"].unique().sort().to_list()
    for calm, counted in ((months[9], [1, 0, 1, 2]), (None, [1, 2, 3, 4])):
        shift = pl.when(pl.col("in_reference") | (pl.col("month") == (calm or months[0]))).then(0.0)
        found = judge(measured(frame.with_columns(pl.col("x") + shift.otherwise(2.0))), policy())
        rows_ = found.filter(~pl.col("in_reference") & (pl.col("method") == "ks"))
        assert rows_["n_consecutive"].to_list() == counted


def test_a_feature_may_have_limits_of_its_own() -> None:
    moved = {"x": lambda rng, n: rng.normal(0.6, 1, n)}
    frame = measured(rows({"x": normal}, later=moved))
    assert ("x", "ks") in breaches(judge(frame, policy()))
    lax = {"x": {m: {"warn": 5.0, "critical": 9.0} for m in ("psi", "ks")}}
    assert breaches(judge(frame, policy(features=lax))) == set()


def test_homes_asked_about_and_features_of_the_market_are_never_critical() -> None:
    far = measured(rows({"x": normal}, later={"x": lambda rng, n: rng.normal(3, 1, n)}))
    assert "critical" in set(judge(far, policy())["severity"])
    asked = far.with_columns(population=pl.lit("asked"))
    assert set(judge(asked, policy()).filter("breached")["severity"]) == {"warn"}
    assert set(judge(far, policy(), ["x"]).filter("breached")["severity"]) == {"warn"}
    assert not judge(asked, policy(), ["x"])["judged"].any()


def test_judging_twice_changes_nothing() -> None:
    once = judge(measured(rows({"x": emptied(normal, 0.1), "w": words(3, 1)})), policy())
    assert judge(once, policy()).equals(once)


def test_a_method_without_limits_is_an_error() -> None:
    frame = measured(rows({"x": normal})).with_columns(method=pl.lit("guess"))
    with pytest.raises(KeyError, match="no limits for the method 'guess'"):
        judge(frame, policy())
