"""Signals over all features, attributions and expected errors: calm is calm, a change is found."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from realty_assets.evaluation.splits import next_month
from realty_assets.monitoring.judging import judge
from realty_assets.monitoring.populations import PREDICTED, Reference, predicted_slices
from realty_assets.monitoring.signals.attributions import (
    ATTRIBUTION_DISTANCE,
    ATTRIBUTION_SHARE,
    attribution_drift,
    order_lost,
)
from realty_assets.monitoring.signals.attributions import SCHEMA as ATTRIBUTED
from realty_assets.monitoring.signals.common import with_usual
from realty_assets.monitoring.signals.domain import (
    area_under_curve,
    domain_drift,
)
from realty_assets.monitoring.signals.expected_errors import (
    expected_drift,
    expected_errors,
)
from realty_assets.monitoring.signals.making import MEASURED
from realty_assets_tests.monitoring.samples import FIRST, normal, policy, rows, words

UNTIL = next_month(FIRST, 8)


def pair(sign: float, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    one = rng.normal(size=n)
    return one, sign * one + 0.3 * rng.normal(size=n)


def together(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    keyed = frame.with_columns(
        basis=pl.Series([f"{at * 7919 % 100_003:06}" for at in range(len(frame))])
    )
    wanted = frame.select("month", "in_reference").unique()
    told = domain_drift(keyed, names, wanted, 200, seed=7)
    named = told.with_columns(track=pl.lit("off_market"), slice=pl.lit("all"))
    return judge(with_usual(named, MEASURED), policy())


def test_a_change_that_no_column_shows_is_told_by_all_of_them() -> None:
    """Two columns whose relation turns: each by itself is what it was."""
    frame = rows({"x": normal, "y": normal, "z": normal, "w": words(5, 3, 2)})
    rng = np.random.default_rng(5)
    parts = []
    for (_, first), own in frame.group_by("month", "in_reference", maintain_order=True):
        x, y = pair(1.0 if first else -1.0, len(own), rng)
        parts.append(own.with_columns(x=pl.Series(x), y=pl.Series(y)))
    told = together(pl.concat(parts), ["x", "y", "z", "w"])
    later = told.filter("judged")
    assert later["severity"].to_list() == ["critical", "critical"]
    assert later["n_consecutive"].to_list() == [1, 2]
    assert all({*said.split(", ")} == {"x", "y"} for said in later["drivers"])
    assert told.filter("in_reference")["value"].is_between(0.4, 0.6).all()


def test_calm_months_cannot_be_told_apart() -> None:
    columns = {"x": normal, "y": normal, "w": words(5, 3, 2)}
    for seed in range(6):
        told = together(rows(columns, seed=seed, per_month=250), list(columns))
        assert not told["breached"].any()
    seen = together(rows(columns, later={"w": words(3, 3, 2, 4)}), list(columns))
    assert {said.split(", ")[0] for said in seen.filter("breached")["drivers"]} == {"w"}


def test_the_area_under_the_curve_counts_ties_one_half() -> None:
    assert area_under_curve(np.array([1.0, 2.0]), np.array([1.0, 0.0])) == 0.875
    assert area_under_curve(np.zeros(3), np.zeros(4)) == 0.5


def attributed(shares: dict[date, list[float]]) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    told = [
        {
            "track": "off_market",
            "reference": "a model",
            "month": month,
            "in_reference": month < UNTIL,
            "feature": f"f{at}",
            "n": 120,
            "mean_abs_log": size * rng.uniform(0.97, 1.03),
            "basis": "b",
        }
        for month, sizes in shares.items()
        for at, size in enumerate(sizes)
    ]
    return pl.DataFrame(told, schema=ATTRIBUTED)


def test_values_that_come_from_elsewhere_are_told_by_feature_and_in_total() -> None:
    usual, moved = [0.5, 0.3, 0.1, 0.1], [0.1, 0.3, 0.1, 0.5]
    shares = {next_month(FIRST, at): usual if at < 9 else moved for at in range(10)}
    told = attribution_drift(attributed(shares), 200)
    named = told.with_columns(track=pl.lit("off_market"), slice=pl.lit("all"))
    judged = judge(with_usual(named, MEASURED), policy()).filter("breached")
    assert set(judged["month"]) == {next_month(FIRST, 9)}
    by_feature = judged.filter(pl.col("method") == ATTRIBUTION_SHARE)
    assert dict(by_feature.select("feature", "severity").rows()) == {
        "f0": "critical",
        "f3": "critical",
    }
    whole = judged.filter(pl.col("method") == ATTRIBUTION_DISTANCE).row(0, named=True)
    assert whole["value"] == pytest.approx(0.4, abs=0.02)
    assert {*whole["drivers"].split(", ")[:2]} == {"f0", "f3"}
    assert attribution_drift(attributed(shares).filter(~pl.col("in_reference")), 200).is_empty()


def test_the_order_of_features_is_lost_by_ndcg() -> None:
    one = np.array([0.5, 0.3, 0.2])
    assert order_lost(one, one) == 0.0
    best = 0.5 + 0.3 / np.log2(3) + 0.2 / 2
    turned = 0.2 + 0.3 / np.log2(3) + 0.5 / 2
    assert order_lost(one[::-1], one) == pytest.approx(1 - turned / best)


def scored(n_months: int = 10, per_month: int = 150, widths: dict | None = None) -> pl.DataFrame:
    """Sales whose errors are normal in units of their widths."""
    rng = np.random.default_rng(1)
    parts = []
    for at in range(n_months):
        month = next_month(FIRST, at)
        half = np.full(per_month, (widths or {}).get(at, 0.1)) * rng.uniform(0.8, 1.2, per_month)
        score = rng.normal(size=per_month)
        value = rng.lognormal(12.5, 0.3, per_month)
        parts.append(
            pl.DataFrame(
                {
                    "track": "off_market",
                    "cutoff": month,
                    "listing_key": [f"{at}-{k}" for k in range(per_month)],
                    "close_date": month,
                    "ready_on": month + timedelta(days=10),
                    "prediction": value,
                    "close_price": value * np.exp(half * score),
                    "half_log": half,
                    "score": score,
                }
            )
        )
    return pl.concat(parts)


NO_HOMES = pl.DataFrame(schema={"month": pl.Date, "prediction": pl.Float64, "half_log": pl.Float64})


def expected(sales: pl.DataFrame, asked: pl.DataFrame = NO_HOMES) -> pl.DataFrame:
    return expected_errors(sales, asked, "off_market", date(2024, 1, 1), 7)


def test_the_expected_error_is_the_one_that_comes() -> None:
    told = expected(scored())
    assert told["month"].min() == next_month(FIRST, 1)  # the first has no earlier sales
    inside = told.select(pl.col("realised").is_between("low", "high").alias("inside"))["inside"]
    assert inside.mean() >= 0.85
    asked = pl.DataFrame({"month": [UNTIL] * 60, "prediction": [2e5] * 60, "half_log": [0.2] * 60})
    homes = expected(scored(), asked).filter(pl.col("population") == "asked")
    assert homes["realised"].null_count() == 2
    by_metric = dict(homes.select("metric", "expected").rows())
    assert by_metric["mdape"] == pytest.approx(0.2 * 0.6745, rel=0.12)
    backwards = expected(scored().reverse())
    assert backwards.equals(told)


def test_homes_that_are_harder_to_value_are_seen_before_they_sell() -> None:
    told = expected_drift(
        expected(scored(widths={9: 0.2})), Reference("off_market", "m", UNTIL)
    ).with_columns(track=pl.lit("off_market"), slice=pl.lit("all"))
    judged = judge(with_usual(told, MEASURED), policy())
    assert judged.filter("breached").select("month", "severity").rows() == [
        (next_month(FIRST, 9), "critical")
    ]


def test_prices_that_leave_the_model_behind_are_not_seen_before_they_sell() -> None:
    """It is blind to them, so nobody may trust it alone; the realised figure tells."""
    sales = scored()
    gone = pl.when(pl.col("cutoff") == next_month(FIRST, 9)).then(3.0).otherwise(0.0)
    moved = sales.with_columns(
        score=pl.col("score") + gone,
        close_price=pl.col("close_price") * (gone * pl.col("half_log")).exp(),
    )
    before, after = (expected(one).filter(pl.col("metric") == "mdape") for one in (sales, moved))
    assert after["expected"].equals(before["expected"])
    assert after["realised"][-1] > after["high"][-1]
    told = expected_drift(after, Reference("off_market", "m", UNTIL))
    assert (told["value"] < 0.2).all()


def test_what_was_predicted_is_told_by_area_and_segment_of_price() -> None:
    frame = rows({PREDICTED[0]: normal, PREDICTED[1]: normal, "postal_code": words(8, 1)})
    told = dict(predicted_slices(frame, 400))
    assert [*told] == [
        "all",
        "area a",
        *(f"predicted price quartile {name}" for name in ("1, lowest", "2", "3", "4, highest")),
    ]
    quarters = [part for name, part in told.items() if name.startswith("predicted")]
    assert sum(map(len, quarters)) == len(frame)
    known = [part["in_reference"].sum() for part in quarters]
    assert max(known) - min(known) <= 1
    assert set(told["area a"]["postal_code"]) == {"a"}
    assert [name for name, _ in predicted_slices(frame, 5000)] == ["all"]
