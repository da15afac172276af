"""Are the data of today, and do they keep what they promise? Pure functions.

Where they do not, nothing is said of the model: a gate of this family never fails, it makes the
verdict wait. Notes name days, not ages, so that the same evidence is the same on the next day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from realty_assets.promotion.gates import Gate
from realty_assets.promotion.policy import Policy

FAMILY = "data"
SALE, WALK, CHECKS = "newest sale", "newest walk", "blocking checks of the data"


@dataclass(frozen=True)
class DataState:
    """What a verdict rests on, as of `today`: the closing day of the newest sale that is known,
    the day at which the newest walked month was over (None: there is none), and how many rows break
    each blocking check (0: it is kept)."""

    today: date
    newest_sale: date | None
    walked_to: date | None
    n_wrong: Mapping[str, int]


def data_gates(state: DataState, policy: Policy) -> list[Gate]:
    """Freshness of sales and of the walk, and the checks; [] where the policy does not ask."""
    rule = policy.data
    if rule is None:
        return []
    wrong = {name: n for name, n in state.n_wrong.items() if n}
    return [
        _fresh(SALE, state.newest_sale, state.today, rule.newest_sale_within_days),
        _fresh(WALK, state.walked_to, state.today, rule.newest_walk_within_days),
        Gate(
            CHECKS,
            "all pass",
            None,
            None if wrong else True,
            FAMILY,
            "; ".join(f"{name}: {n} wrong" for name, n in sorted(wrong.items()))
            or f"{len(state.n_wrong)} checks",
        ),
    ]


def _fresh(name: str, day: date | None, today: date, most: int) -> Gate:
    fresh = day is not None and (today - day).days <= most
    told = "there is none" if day is None else f"of {day}" if name == SALE else f"to {day}"
    return Gate(name, f"within {most} days of as_of", None, fresh or None, FAMILY, told)
