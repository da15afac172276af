"""Knobs of the model, and what it says when there is too little to learn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from realty_assets.errors import RealtyError


class NotEnoughSales(RealtyError):
    """There are fewer usable sales than a model or its interval needs."""

    def __init__(self, needed: int, have: int, what: str) -> None:
        self.needed, self.have, self.what = needed, have, what
        super().__init__(f"Not enough sales {what}: {needed} are needed, there are {have}.")


@dataclass(frozen=True)
class Member:
    """One booster: how it is given the comparables' estimate, and what it adds to the seed."""

    comps_as: Literal["offset", "feature"]
    seed_offset: int = 0


@dataclass(frozen=True)
class ModelSettings:
    """Settings of a model. Chosen on King County's November 2014 to February 2015."""

    members: tuple[Member, ...] = (Member("offset"), Member("feature", 1))
    rounds: int = 400
    eta: float = 0.05
    max_depth: int = 6
    min_child_weight: float = 10.0
    subsample: float = 0.7
    colsample_bytree: float = 0.4
    reg_lambda: float = 2.0
    max_bin: int = 256
    seed: int = 7
    min_sales: int = 300
    calibration_months: int = 4
    min_calibration_sales: int = 100
    level_months: int = 2
    level_prior_sales: float = 300.0
    alpha: float = 0.10
    error_rounds: int = 120
    error_folds: int = 5
    max_price_bins: int = 5
    sales_per_price_bin: int = 150
    bin_prior_sales: float = 100.0

    def with_seed(self, seed: int) -> ModelSettings:
        return replace(self, seed=seed)


PROFILES: dict[str, ModelSettings] = {
    "full": ModelSettings(),
    # For samples and tests: markets of some thousand sales, a default run in seconds.
    "fast": ModelSettings(rounds=250, eta=0.07, max_bin=128, error_rounds=60),
}
