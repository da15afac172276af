"""ALE, PDP, ICE and H against functions whose effects are known."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from realty_assets.analysis.citing import change
from realty_assets.analysis.contributions import log_values
from realty_assets.analysis.effects import (
    accumulate,
    ale,
    bin_edges,
    effect_tables,
    interaction_rows,
    moved,
    spaced,
)
from realty_assets.analysis.figures import Bar, Curve, effect_panels, swarm, whiskers
from realty_assets.analysis.signs import EXPECTED, sign_rows

HOW = {"seed": 5, "n_draws": 200}


def two(n: int = 400, tied: float = 0.9, seed: int = 2) -> pl.DataFrame:
    """Two features that hang together, and a key."""
    random = np.random.default_rng(seed)
    a = random.normal(0, 1, n)
    b = tied * a + np.sqrt(1 - tied**2) * random.normal(0, 1, n)
    return pl.DataFrame({"listing_key": [f"L{i:04d}" for i in range(n)], "a": a, "b": b})


def additive(frame: pl.DataFrame) -> np.ndarray:
    return 3.0 * frame["a"].to_numpy() + np.sin(frame["b"].to_numpy())


def test_the_ale_of_a_sum_is_its_own_term_however_the_features_hang_together() -> None:
    for feature, term in (("a", lambda x: 3.0 * x), ("b", np.sin)):
        found = ale(additive, two(), feature, 10, **HOW)
        expected = term(found.edges)
        assert np.allclose(np.diff(found.effect), np.diff(expected))
        assert np.allclose(found.high - found.low, (found.high - found.low)[0], atol=0.5)


def test_the_ale_stays_where_homes_are_and_the_pdp_does_not() -> None:
    """A function that explodes where a and b part, which no home does."""

    def apart(frame: pl.DataFrame) -> np.ndarray:
        a, b = frame["a"].to_numpy(), frame["b"].to_numpy()
        return a + 100.0 * (np.abs(a - b) > 2.0)

    rows = two(tied=0.995)
    effects, _ = effect_tables(apart, rows, ["a"], n_bins=10, pdp_rows=200, ice_curves=2, **HOW)
    assert effects["ale"].to_numpy().max() - effects["ale"].to_numpy().min() < 10
    assert effects["pdp"].to_numpy().max() - effects["pdp"].to_numpy().min() > 30


def test_an_effect_is_centred_over_the_homes_and_its_band_holds_it() -> None:
    found = ale(additive, two(), "a", 12, **HOW)
    middle = (found.effect[1:] + found.effect[:-1]) / 2
    assert (middle * found.counts).sum() == pytest.approx(0.0, abs=1e-9)
    assert found.counts.sum() == 400
    assert (found.low <= found.effect + 1e-9).all()
    assert (found.effect <= found.high + 1e-9).all()
    assert accumulate(np.array([1.0]), np.array([4.0])).tolist() == [-0.5, 0.5]


def test_bands_narrow_with_more_homes() -> None:
    def noisy(frame: pl.DataFrame) -> np.ndarray:
        return frame["a"].to_numpy() * (1.0 + frame["b"].to_numpy())

    wide = ale(noisy, two(150), "a", 6, **HOW)
    narrow = ale(noisy, two(6000), "a", 6, **HOW)
    assert (narrow.high - narrow.low).mean() < 0.5 * (wide.high - wide.low).mean()


def test_ties_nulls_and_constants() -> None:
    assert bin_edges(np.array([1.0, 1.0, 1.0, 2.0, np.nan]), 4).tolist() == [1.0, 1.25, 2.0]
    rows = two(40).with_columns(a=pl.Series([1.0] * 40), b=pl.Series([None] * 40, dtype=pl.Float64))
    assert ale(additive, rows, "a", 5, **HOW) is None
    assert ale(additive, rows, "b", 5, **HOW) is None
    whole = two(40).with_columns(a=pl.Series([0.0, 1.0] * 20))
    found = ale(additive, whole, "a", 5, **HOW)
    assert found.edges[[0, -1]].tolist() == [0.0, 1.0]
    assert found.effect[-1] - found.effect[0] == pytest.approx(3.0)


def test_twins_move_together() -> None:
    rows = pl.DataFrame({"ln_living_area": [7.0, 7.5], "living_area": [1096.6, 1808.0]})
    out = moved(rows, "ln_living_area", np.array([8.0, 9.0]))
    assert np.allclose(out["living_area"].to_numpy(), np.exp([8.0, 9.0]))


def test_h_sees_a_product_and_not_a_sum() -> None:
    rows = two(40, tied=0.0).with_columns(c=pl.col("a") * 0.5 + 1.0)

    def product(frame: pl.DataFrame) -> np.ndarray:
        return frame["a"].to_numpy() * frame["b"].to_numpy() + frame["c"].to_numpy()

    found = interaction_rows(product, rows, ["a", "b", "c"]).to_dicts()
    assert (found[0]["feature"], found[0]["other_feature"]) == ("a", "b")
    assert found[0]["h"] > 0.9
    assert all(row["interaction_log"] < 1e-9 for row in found[1:])
    assert interaction_rows(product, rows.head(1), ["a", "b"]).is_empty()


def test_the_models_curves_are_whole_and_repeatable(small) -> None:
    rows = small.matrix.filter(pl.col("hedonic_log_value").is_not_null()).tail(150)

    def predict(frame: pl.DataFrame) -> np.ndarray:
        return log_values(small.valuer, frame)

    how = {"n_bins": 6, "pdp_rows": 20, "ice_curves": 3, **HOW}
    features = ["ln_living_area", "age_years", "view_score"]
    effects, curves = effect_tables(predict, rows, features, **how)
    assert effects["feature"].unique(maintain_order=True).to_list() == features[:2]
    assert curves.group_by("feature", "curve").len().height == 6
    again = effect_tables(predict, rows, features, **how)
    assert effects.equals(again[0])
    assert curves.equals(again[1])
    living = effects.filter(pl.col("feature") == "ln_living_area")["ale"]
    assert living[-1] - living[0] > 0.02


def curve(values: list[float], feature: str = "ln_living_area") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "feature": feature,
            "edge": [float(i) for i in range(len(values))],
            "ale": values,
            "ale_low": values,
            "ale_high": values,
        }
    )


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([-0.1, 0.0, 0.1], "as expected"),
        ([-0.1, 0.05, 0.045, 0.1], "as expected"),
        ([-0.1, 0.05, 0.0, 0.1], "steps back"),
        ([0.1, 0.0, -0.1], "against"),
        ([0.001, 0.0, 0.002], "flat"),
    ],
)
def test_verdicts_on_curves(values: list[float], verdict: str) -> None:
    rows = sign_rows(curve(values))
    by_name = dict(rows.select("feature", "verdict").iter_rows())
    assert by_name.pop("ln_living_area") == verdict
    assert set(by_name.values()) == {"not seen"}
    assert len(by_name) == len(EXPECTED) - 1


def test_a_feature_that_should_fall_is_turned_round() -> None:
    rows = sign_rows(curve([0.1, 0.0], "since_work_years"))
    row = rows.filter(pl.col("feature") == "since_work_years").to_dicts()[0]
    assert (row["verdict"], row["from_end_to_end_log"]) == ("as expected", pytest.approx(0.1))


def test_spaced() -> None:
    assert spaced(0, 5) == []
    assert spaced(3, 5) == [0, 1, 2]
    assert spaced(100, 3) == [0, 49, 99]


def test_drawings_stay_inside_and_their_ticks_are_round() -> None:
    rows = [Bar("a & b", 0.3, 0.2, 0.5), Bar("few", None), Bar("c", -1.4, -1.6, -1.2)]
    drawn = str(whiskers(rows, title="t", summary="s", show=change))
    assert "a &amp; b" in drawn
    assert "n too small" in drawn
    ticks = re.findall(r'class="tick" text-anchor="middle">([^<]+)<', drawn)
    assert len(ticks) >= 3
    assert all(re.fullmatch(r"[+-]\d+\.0%", tick) for tick in ticks), ticks
    points = [(float(i) / 100, i / 100 if i % 3 else None) for i in range(-40, 60)]
    both = drawn + str(swarm([("x", points)], title="t", summary="s", show=change))
    for at in re.findall(r"[ML ]([-\d.]+) [-\d.]+", both):
        assert 0 <= float(at) <= 960
    curve = Curve(
        "x", [0, 1, 2], [0, 0.1, 0], [-0.1, 0, 0], [0.1, 0.2, 0.1], [0, 0, 0], [[0, 1, 2]]
    )
    panels = str(effect_panels([curve] * 4, title="t", summary="s", show=change))
    assert (panels.count('class="ale"'), panels.count('class="ice"')) == (4, 4)
