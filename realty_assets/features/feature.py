"""What is said of one feature, and on which tracks it may be known."""

from __future__ import annotations

from dataclasses import dataclass

from realty_assets.features.tracks import OFF_MARKET

CODE_VERSION = "4"
NULL = "null where unknown; the booster learns a side for it"
RESIDUAL = "log residual"


@dataclass(frozen=True)
class Feature:
    """One feature; `availability` is the earliest track on which it may be known.

    `window` says how far back the rows reach that feed it (empty: it needs none but its own).
    A feature with `default_input` false is in the matrix, for analysis, ablation and drift, but is
    not shown to a booster unless asked for.
    """

    name: str
    family: str
    unit: str
    source_columns: tuple[str, ...]
    description: str
    availability: str = OFF_MARKET
    type: str = "DOUBLE"
    null_policy: str = NULL
    code_version: str = CODE_VERSION
    window: str = ""
    default_input: bool = True
