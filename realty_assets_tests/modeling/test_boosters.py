"""The losses: what each gives up and what it gains, and that their bits are their own."""

from __future__ import annotations

import numpy as np
import pytest

from realty_assets.modeling.boosters import fed, penalized, train_booster
from realty_assets.modeling.settings import Loss, Member, ModelSettings

SETTINGS = ModelSettings(rounds=150, eta=0.1, max_depth=3, equity_weight=3.0)


def town(n: int = 1500, seed: int = 1):
    """Inputs that tell half of what homes are worth: every model shrinks to the middle."""
    random = np.random.default_rng(seed)
    told, untold = random.normal(0, 0.4, n), random.normal(0, 0.4, n)
    return ("told",), told.astype(np.float32)[:, None], 12.5 + told + untold


def predicted(loss: Loss, comps_as="feature") -> tuple[np.ndarray, np.ndarray]:
    names, inputs, target = town()
    start = np.full(len(target), 12.5)
    member = Member(comps_as, 0, loss)
    booster = train_booster(fed(names, inputs, start, member), target, member, SETTINGS)
    return booster.predict(fed(names, inputs, start, member)).astype(float), target


def tilt(loss: Loss) -> float:
    """Slope of the residual on the price: below zero, dear homes are valued too low."""
    prediction, target = predicted(loss)
    return float(np.polyfit(target, prediction - target, 1)[0])


def error(loss: Loss) -> float:
    prediction, target = predicted(loss)
    return float(np.mean(np.abs(prediction - target)))


def test_the_penalty_buys_equity_with_accuracy() -> None:
    assert tilt("huber") < -0.3
    assert abs(tilt("equity")) < 0.7 * abs(tilt("huber"))
    assert error("equity") > error("huber")


@pytest.mark.parametrize("loss", ["absolute", "huber", "equity"])
@pytest.mark.parametrize("comps_as", ["offset", "feature"])
def test_every_loss_learns_and_repeats_its_bits(loss, comps_as) -> None:
    first, target = predicted(loss, comps_as)
    second, _ = predicted(loss, comps_as)
    assert first.tobytes() == second.tobytes()
    naive = np.mean(np.abs(target - np.median(target)))
    assert np.mean(np.abs(first - target)) < 0.96 * naive


@pytest.mark.parametrize("weight", [0.0, 2.0])
def test_the_gradient_is_that_of_the_loss(weight) -> None:
    random = np.random.default_rng(3)
    target = random.normal(12.5, 0.5, 40)
    at = (target + random.normal(0, 0.2, 40)).astype(np.float64)
    slope, step = 0.1, 1e-6

    def loss(prediction: np.ndarray) -> float:
        residual = prediction - target
        standard = (target - target.mean()) / target.std()
        huber = slope**2 * (np.sqrt(1 + (residual / slope) ** 2) - 1)
        return float(huber.sum() + weight * len(target) / 2 * np.mean(residual * standard) ** 2)

    gradient, curvature = penalized(target, slope, weight)(at, None)
    for i in range(0, 40, 7):
        up, down = at.copy(), at.copy()
        up[i] += step
        down[i] -= step
        assert gradient[i] == pytest.approx((loss(up) - loss(down)) / (2 * step), abs=1e-4)
    assert (curvature > 0).all()


def test_a_members_own_settings_take_the_place_of_the_models() -> None:
    member = Member("offset", 2, "huber", (("eta", 0.2), ("rounds", 5)))
    assert (member.of(SETTINGS).eta, member.of(SETTINGS).rounds) == (0.2, 5)
    assert member.of(SETTINGS).max_depth == SETTINGS.max_depth
