"""Dagster faces of the promotion room."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
import polars as pl

from realty_assets.faces import built_many
from realty_assets.features.tracks import MATRICES
from realty_assets.modeling.mlflow_registry import registered_name
from realty_assets.promotion import gates
from realty_assets.promotion.ledger import ALIAS_SCHEMA, DECISION_SCHEMA, decide
from realty_assets.promotion.policy import read_policy
from realty_assets.promotion.registry import NUMBERED, broken_models, follow_aliases
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse, WarehouseMissing

DECISIONS, ALIASES = "promotion.decisions", "promotion.aliases"
INPUTS = ["modeling.models", "modeling.backtests", *MATRICES.values()]


@dg.multi_asset(
    name="promotion",
    specs=[
        dg.AssetSpec(
            key=["promotion", name],
            deps=[table.split(".") for table in INPUTS],
            group_name="promotion",
            kinds={"duckdb", "mlflow"},
            owners=["team:data"],
            code_version=gates.RULE_VERSION,
            description=text,
        )
        for name, text in (
            ("decisions", "One row per decision about a model: gates, evidence, verdict, reason."),
            ("aliases", "One row per alias: which model version is champion or challenger."),
        )
    ],
    pool="duckdb",
)
def promotion(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    policy = read_policy(warehouse.home)

    def compute() -> dict[str, pl.DataFrame]:
        records = {
            registered_name(row["track"]): row
            for row in warehouse.read(sql("promotion/records.sql")).to_dicts()
        }
        models = warehouse.read("modeling.models")
        if unjudged := sorted(set(models["name"]) - set(records)):
            raise WarehouseMissing(
                f"No headline backtest of {', '.join(unjudged)} stands to judge by: materialize "
                "modeling/backtests without a window of your own, or `realty run all`."
            )
        decisions, aliases = decide(
            models,
            records,
            _table(warehouse, DECISIONS, pl.DataFrame(schema=DECISION_SCHEMA)),
            _table(warehouse, ALIASES, pl.DataFrame(schema=ALIAS_SCHEMA)),
            datetime.now(UTC).replace(tzinfo=None),
            policy,
            broken_models(warehouse.home, models, _columns(warehouse)),
        )
        return {DECISIONS: decisions, ALIASES: aliases}

    results = list(
        built_many(
            warehouse,
            [DECISIONS, ALIASES],
            inputs=INPUTS,
            code_version=gates.RULE_VERSION,
            settings={"policy": policy.sha256},
            compute=compute,
        )
    )
    # After the rows are committed; also mends what a kill between the two left undone.
    numbers = warehouse.read("modeling.models", columns=NUMBERED)
    follow_aliases(warehouse.home, warehouse.read(ALIASES), numbers)
    yield from results


def _columns(warehouse: Warehouse) -> dict[str, list[str]]:
    """The columns of every track's matrix."""
    empty = sql("promotion/matrix_columns.sql")
    return {
        track: warehouse.read(empty.bind(matrix=matrix)).columns
        for track, matrix in MATRICES.items()
    }


def _table(warehouse: Warehouse, name: str, empty: pl.DataFrame) -> pl.DataFrame:
    return warehouse.read(name) if warehouse.exists(name) else empty
