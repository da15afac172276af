"""Checks of the analysis: parts sum to the value, the test window stays shut, signs make sense."""

from __future__ import annotations

import dagster as dg
import polars as pl

from realty_assets.analysis import making
from realty_assets.analysis.ablations import inside_the_window
from realty_assets.analysis.assets import how_much
from realty_assets.pages import damaged
from realty_assets.warehouse import Warehouse

EXAMPLES = 5


@dg.asset_check(
    asset=["analysis", "attributions"],
    blocking=True,
    pool="duckdb",
    description="Base and contributions sum to what the model says of the home, log and dollars.",
)
def contributions_sum_to_the_value(warehouse: Warehouse) -> dg.AssetCheckResult:
    wrong = making.wrong_attributions(warehouse, how_much())
    return dg.AssetCheckResult(
        passed=wrong.is_empty(),
        metadata={
            "wrong_homes": wrong.height,
            "examples": dg.MetadataValue.json(wrong.head(EXAMPLES).cast(pl.String).to_dicts()),
        },
    )


@dg.asset_check(
    asset=["analysis", "ablations"],
    blocking=True,
    pool="duckdb",
    description="No ablation was judged on a month of the headline's test window.",
)
def ablations_end_before_the_window(warehouse: Warehouse) -> dg.AssetCheckResult:
    wrong = inside_the_window(
        warehouse.read(making.ABLATIONS, columns=["without", "last_month"]),
        warehouse.read("modeling.predictions", columns=["is_headline", "cutoff"]),
    )
    return dg.AssetCheckResult(passed=not wrong, metadata={"wrong": dg.MetadataValue.json(wrong)})


@dg.asset_check(
    asset=["analysis", "signs"],
    pool="duckdb",
    description="No value falls where it should rise: overall, or by more than the tolerance.",
)
def values_answer_as_expected(warehouse: Warehouse) -> dg.AssetCheckResult:
    rows = warehouse.read(making.SIGNS)
    verdicts = dict(rows["verdict"].value_counts(sort=True).iter_rows())
    wrong = rows.filter(rows["verdict"].is_in(["against", "steps back"]))
    return dg.AssetCheckResult(
        passed=wrong.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "verdicts": dg.MetadataValue.json(verdicts),
            "wrong": dg.MetadataValue.json(wrong.to_dicts()),
        },
    )


@dg.asset_check(
    asset=["analysis", "takeaways"],
    blocking=True,
    pool="duckdb",
    description="The takeaways page is there and is, byte for byte, the one that was made.",
)
def takeaways_are_whole(warehouse: Warehouse) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=not damaged(warehouse.home, warehouse.read(making.TAKEAWAYS)))
