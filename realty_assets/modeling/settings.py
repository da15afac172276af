"""Knobs of the model, and what it says when there is too little to learn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from realty_assets.errors import RealtyError
from realty_assets.features.tracks import ON_MARKET

Loss = Literal["absolute", "huber", "equity"]
Target = Literal["level", "list"]


class NotEnoughSales(RealtyError):
    """There are fewer usable sales than a model or its interval needs."""

    def __init__(self, needed: int, have: int, what: str) -> None:
        self.needed, self.have, self.what = needed, have, what
        super().__init__(f"Not enough sales {what}: {needed} are needed, there are {have}.")


@dataclass(frozen=True)
class Member:
    """One booster of the ensemble.

    `comps_as` says how it is given its start (an offset, or one more column), `loss` what it
    minimizes (boosters.py), `seed_offset` what it adds to the seed, `tuned` the settings in which
    it differs from the model's, as (name, value).
    """

    comps_as: Literal["offset", "feature"]
    seed_offset: int = 0
    loss: Loss = "absolute"
    tuned: tuple[tuple[str, float], ...] = ()

    def of(self, settings: ModelSettings) -> ModelSettings:
        """The model's settings with the member's own in their place."""
        return replace(settings, **dict(self.tuned))  # type: ignore[arg-type]

    @classmethod
    def read(cls, saved: dict[str, Any]) -> Member:
        """A member as `dataclasses.asdict` and JSON left it."""
        return cls(**{**saved, "tuned": tuple((name, value) for name, value in saved["tuned"])})


@dataclass(frozen=True)
class ModelSettings:
    """Settings of a model. Chosen on King County's November 2014 to February 2015."""

    members: tuple[Member, ...] = (
        Member("offset"),
        Member("feature", 1),
        Member("offset", 2, "huber"),
        Member("offset", 3, "equity"),
    )
    target: Target = "level"
    rounds: int = 300
    eta: float = 0.06
    max_depth: int = 6
    min_child_weight: float = 10.0
    subsample: float = 0.7
    colsample_bytree: float = 0.3
    reg_lambda: float = 2.0
    max_bin: int = 64
    huber_slope: float = 0.05
    equity_slope: float = 0.1
    equity_weight: float = 0.3
    seed: int = 7
    min_sales: int = 300
    calibration_months: int = 4
    min_calibration_sales: int = 100
    level_months: int = 1
    level_calm: float = 0.005
    level_prior_sales: float = 40.0
    alpha: float = 0.10
    error_rounds: int = 120
    error_folds: int = 5
    max_price_bins: int = 5
    sales_per_price_bin: int = 150
    bin_prior_sales: float = 100.0
    area_prior_sales: float = 40.0
    tuning_trials: int = 16
    tuning_months: int = 3

    def for_track(self, track: str) -> ModelSettings:
        """Where a track's search begins. A list price leaves little to learn, and much to overfit:
        every member starts from it, with fewer and flatter trees (chosen on the sample market's
        July 2023 to March 2024). It is of its day, so its errors do not drift."""
        if track != ON_MARKET:
            return self
        return replace(
            self,
            members=tuple(replace(member, comps_as="offset") for member in self.members),
            target="list",
            rounds=max(self.rounds // 4, 10),
            max_depth=min(self.max_depth, 4),
            min_child_weight=4.0 * self.min_child_weight,
            level_calm=1.0,  # log points: beyond any drift
            level_prior_sales=2.0 * self.level_prior_sales,
        )

    def with_seed(self, seed: int) -> ModelSettings:
        return replace(self, seed=seed)


PROFILES: dict[str, ModelSettings] = {
    "full": ModelSettings(),
    # For samples and tests: markets of some thousand sales, a default run in seconds.
    "fast": ModelSettings(
        members=(Member("offset"), Member("feature", 1)),
        rounds=150,
        eta=0.1,
        error_rounds=60,
        tuning_trials=4,
        tuning_months=1,
    ),
}
