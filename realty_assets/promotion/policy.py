"""The promotion policy: what a model must show, as data that a person changes and a hash names."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from realty_assets.errors import RealtyError
from realty_assets.evaluation.arrays import MIN_SALES
from realty_assets.strict import Strict, read_own

OWN_POLICY = Path(__file__).with_name("policy.yaml")
FILE = "promotion.yaml"
Statistic = Literal["median_ratio", "cod", "prd", "prb"]


class PromotionPolicyError(RealtyError):
    """A promotion policy cannot be used; the message names the file and the field."""


class Floor(Strict):
    """One absolute requirement of a figure of modeling.backtests."""

    gate: str = Field(min_length=1, description="What the gate is called in a decision.")
    figure: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Column of modeling.backtests.")
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Floor:
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise ValueError("needs at_least, at_most or both")
        if low is not None and high is not None and low > high:
            raise ValueError("at_least lies above at_most: no model could pass")
        return self

    @property
    def requirement(self) -> str:
        """The bounds in words."""
        bounds = ((">=", self.at_least), ("<=", self.at_most))
        return " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)

    def holds(self, seen: float | None) -> bool:
        """A figure that is missing, or no number, does not hold."""
        return (
            seen is not None
            and (self.at_least is None or seen >= self.at_least)
            and (self.at_most is None or seen <= self.at_most)
        )


class DataRule(Strict):
    """How old the data behind a verdict may be; their blocking checks must pass besides."""

    newest_sale_within_days: int = Field(60, gt=0, description="Of as_of, by its closing day.")
    newest_walk_within_days: int = Field(
        45, gt=0, description="Of as_of, by the end of the newest month of the headline walk."
    )


class PairedRule(Strict):
    """How a candidate is held against the champion on the same sales."""

    alpha: float = Field(0.05, gt=0, lt=0.5, description="One-sided level of every comparison.")
    segment_margin: float = Field(
        0.02, ge=0, description="Share by which a segment's error may grow before it vetoes."
    )
    segment_doubt: float = Field(
        0.01,
        ge=0,
        lt=0.5,
        description="p value of one segment alone at which a verdict waits for more sales.",
    )
    min_sales: int = Field(200, ge=MIN_SALES, description="Paired sales that a verdict needs.")
    min_segment_sales: int = Field(100, ge=MIN_SALES, description="Sales that a segment needs.")
    keep_decisions: int = Field(
        12, ge=1, description="Newest decisions of a name whose paired sales are kept."
    )


class RefreshRule(Strict):
    """A model of the champion's own settings that merely knows more sales."""

    margin: float = Field(
        0.01, gt=0, lt=0.2, description="Fresher and shown to be at most this share worse."
    )


class CoverageRule(Strict):
    """What share of prices the 90% intervals may hold, in all and in a segment."""

    at_least: float = Field(0.87, ge=0, le=1)
    at_most: float = Field(0.95, ge=0, le=1)
    segment_at_least: float = Field(0.82, ge=0, le=1)
    segment_at_most: float = Field(0.98, ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> CoverageRule:
        if self.at_least > self.at_most or self.segment_at_least > self.segment_at_most:
            raise ValueError("at_least lies above at_most: no model could pass")
        return self


class WidthRule(Strict):
    """By what share intervals may be wider than the champion's without a better interval score."""

    wider_at_most: float = Field(0.10, ge=0)
    segment_wider_at_most: float = Field(0.25, ge=0)


class BiasRule(Strict):
    """The mean log ratio of value to price that a month may have, either way."""

    at_most: float = Field(0.05, gt=0)


class StabilityRule(Strict):
    """How far today's values may lie from the champion's."""

    median_change_at_most: float = Field(0.10, gt=0)
    moved_by: float = Field(0.10, gt=0, description="A value that changes by more has moved.")
    moved_share_at_most: float = Field(0.50, ge=0, le=1)


class ShadowRule(Strict):
    """The challenger values every batch beside the champion, where nobody is told of it."""

    batches: int = Field(12, ge=1, description="Batches of a track that are kept, newest first.")


class ProbationRule(Strict):
    """When a new champion goes back by itself: on sales that closed since its promotion it is worse
    than the one before by more than `margin`, beyond chance."""

    days: int = Field(90, ge=1, description="From the promotion, by the market's own day.")
    looks: int = Field(3, ge=1, le=12, description="How often, at equal distances; each once.")
    min_sales: int = Field(60, ge=MIN_SALES, description="Sales that a rollback needs.")
    margin: float = Field(0.02, ge=0, lt=0.5, description="Share by which its error may be larger.")


class SizeRule(Strict):
    """What the model's folder may weigh."""

    at_most_mb: float = Field(200.0, gt=0)


class LatencyRule(Strict):
    """What a value may take, once the features are there."""

    at_most_ms: float = Field(20.0, gt=0, description="Milliseconds per home, in a batch.")


class Approval(Strict):
    """Who has the last word."""

    automatic: bool = Field(
        False, description="Whether a verdict of promote moves the champion by itself."
    )


class Policy(Strict):
    """Everything that the gate asks for; a part that is null is not asked."""

    version: int = Field(ge=1, le=1, description="Of the form of this file.")
    floors: tuple[Floor, ...] = Field(min_length=1)
    baselines: bool = Field(True, description="Whether no simpler model may be better.")
    data: DataRule | None = DataRule()
    paired: PairedRule = PairedRule()
    refresh: RefreshRule | None = RefreshRule()
    coverage: CoverageRule | None = CoverageRule()
    width: WidthRule | None = WidthRule()
    equity: tuple[Statistic, ...] = ("median_ratio", "cod", "prd", "prb")
    bias: BiasRule | None = BiasRule()
    stability: StabilityRule | None = StabilityRule()
    size: SizeRule | None = SizeRule()
    latency: LatencyRule | None = LatencyRule()
    reproducible: bool = Field(
        True, description="Whether the model must come out the same when it is trained again."
    )
    shadow: ShadowRule | None = ShadowRule()
    probation: ProbationRule | None = ProbationRule()
    approval: Approval = Approval()

    @model_validator(mode="after")
    def _told_apart(self) -> Policy:
        names = [floor.gate for floor in self.floors]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two gates are called '{twice[0]}'")
        return self

    def require_figures(self, columns: Collection[str]) -> None:
        """Raises PromotionPolicyError when a floor names no column of modeling.backtests."""
        unknown = sorted({floor.figure for floor in self.floors} - set(columns))
        if unknown:
            raise PromotionPolicyError(
                f"The promotion policy asks for {', '.join(unknown)}, which is no figure of "
                f"modeling.backtests. It has {', '.join(sorted(columns))}."
            )


def read_policy(home: Path | None = None) -> Policy:
    """The policy of `home` (its promotion.yaml), else the package's.

    Raises PromotionPolicyError naming the file and what is wrong with it.
    """
    return read_own(Policy, home, FILE, OWN_POLICY, "The promotion policy", PromotionPolicyError)
