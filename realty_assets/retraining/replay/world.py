"""What every policy of a replay looks at: a market, and what a model of each month says of it.

Exact shortcuts, instead of taking the files in again: a matrix row stops at its sale's `as_of`, a
model at its cutoff, a calibration at what was known then; the walk holds the model of every month.
What is of today all the same: how addresses were linked, which sales are excluded, and which
columns the feeds have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from realty_assets.evaluation.splits import Fold
from realty_assets.features.sales import effective_known_at
from realty_assets.modeling.backtest import predict_fold
from realty_assets.modeling.model import Valuer, fit_valuer
from realty_assets.modeling.points import may_teach, usable_for_training
from realty_assets.modeling.settings import NotEnoughSales
from realty_assets.modeling.walk_forward import Market
from realty_assets.monitoring.groups import Groups
from realty_assets.monitoring.judging import judge
from realty_assets.monitoring.measures import measure
from realty_assets.monitoring.policy import Policy as MonitoringPolicy
from realty_assets.monitoring.populations import ALL, SALES
from realty_assets.promotion.rescoring import frozen_rows

# Of a sale, whoever values it.
KEYS = ("cutoff", "listing_key", "property_key", "known_at", "excluded_by", "close_price")
VALUES = ("value", "lower_90", "upper_90")


@dataclass
class World:
    """A market and its walk. `folds` are the months to replay; `walked` reaches back to what
    calibrates the first of them; `photos` are counts by listing (may be empty)."""

    market: Market
    folds: Sequence[Fold]
    walked: pl.DataFrame
    photos: pl.DataFrame
    _rows: dict[date, pl.DataFrame] = field(default_factory=dict)
    _fresh: dict[date, pl.DataFrame] = field(default_factory=dict)

    def train(self, cutoff: date) -> Valuer:
        """The model of what was known before `cutoff`. Raises NotEnoughSales."""
        return fit_valuer(self.market, self.walked, cutoff)

    def rows(self, month: date) -> pl.DataFrame:
        """Matrix rows of the sales of a month to replay, as of its first day; may be none."""
        if not self._rows:
            made = dict(frozen_rows(self.market, list(self.folds)))
            self._rows = {fold.cutoff: rows for fold, rows in made.items()}
        return self._rows.get(month, pl.DataFrame())

    def said(self, model: Valuer, month: date) -> pl.DataFrame:
        """KEYS and VALUES of a month's sales by a frozen model; empty without a sale."""
        rows = self.rows(month)
        if rows.is_empty():
            return rows
        keys = rows.with_columns(
            pl.lit(month).alias("cutoff"),
            pl.col("close_price").cast(pl.Float64),
            known_at=effective_known_at(),
        ).select(KEYS)
        return keys.hstack(model.predict(rows).select(VALUES))

    def fresh(self, month: date) -> pl.DataFrame:
        """modeling.predictions of a month (with `known_at`): the model and interval of its first
        day, out of time; empty where the month could not be modelled or calibrated."""
        if month not in self._fresh:
            self._fresh[month] = self._predicted(month)
        return self._fresh[month]

    def _predicted(self, month: date) -> pl.DataFrame:
        mine = self.walked.filter(pl.col("cutoff") == month)
        if mine.is_empty():
            return mine
        try:
            made = predict_fold(self.walked, Fold(month, month), self.market.model)
        except NotEnoughSales:
            return pl.DataFrame()
        return made.with_columns(known_at=mine["known_at"], value="prediction")

    def walked_months(self) -> list[date]:
        return sorted(self.walked["cutoff"].unique()) if len(self.walked) else []

    def n_new(self, since: date, until: date) -> int:
        """Valid sales that became known from `since` until `until`."""
        known = effective_known_at()
        return self.market.matrix.filter(
            may_teach()
            & (known >= pl.lit(since).cast(pl.Datetime("us")))
            & (known < pl.lit(until).cast(pl.Datetime("us")))
        ).height

    def critical_features(
        self,
        features: Sequence[str],
        policy: MonitoringPolicy,
        never_critical: Sequence[str],
        cutoff: date,
        today: date,
    ) -> list[tuple[str, int]]:
        """(feature, judged months in a row) that stand critical on `today` behind a model of
        `cutoff`, by the rules of monitoring, on the sales known then."""
        known = effective_known_at() < pl.lit(today).cast(pl.Datetime("us"))
        rows = self.market.matrix.filter(may_teach() & known).with_columns(
            population=pl.lit(SALES),
            month=pl.col("close_date").dt.truncate("1mo"),
            in_reference=usable_for_training(cutoff),
        )
        groups = Groups.of(rows.select("population", "month", "in_reference", *features))
        found = measure(groups, list(features), policy.min_reference).with_columns(
            track=pl.lit(self.market.track), slice=pl.lit(ALL)
        )
        told = judge(found, policy, never_critical)
        newest = (
            told.filter("judged")
            .sort("month")
            .group_by("feature", "method", maintain_order=True)
            .last()
        )
        standing = newest.filter(severity="critical")
        return [
            (name, n)
            for name, n in standing.group_by("feature", maintain_order=True)
            .agg(pl.col("n_consecutive").max())
            .sort("feature")
            .iter_rows()
        ]
