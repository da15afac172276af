"""Dagster faces of the promotion room."""

# No postponed annotations here: Dagster looks at the type of `config` itself.
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from realty_assets.faces import built_many, record_build, result_of, specs_of
from realty_assets.fingerprint import table_fingerprint
from realty_assets.modeling.assets import model_home
from realty_assets.modeling.backtest_store import BACKTESTS, PREDICTIONS
from realty_assets.modeling.judging.making import PHOTOS
from realty_assets.modeling.markets import INPUTS as OF_MARKETS
from realty_assets.promotion import actions, gates, making
from realty_assets.promotion.baseline_gate import BASELINES
from realty_assets.promotion.gate_report import write_reports
from realty_assets.promotion.ledger import ALIASES, DECISIONS, PAIRED, PROBATIONS, Moment
from realty_assets.promotion.policy import read_policy
from realty_assets.promotion.registry import reconcile
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse

TABLES = [DECISIONS, ALIASES, PAIRED, PROBATIONS]
INPUTS = ["modeling.models", BACKTESTS, PREDICTIONS, *OF_MARKETS]
# Asked for segments and for baselines; a home may be without.
OPTIONAL = [PHOTOS, BASELINES]
Results = list[dg.MaterializeResult]


class PromotionConfig(dg.Config):
    """What one run does: judge the newest models, or one action of a person."""

    action: dict[str, Any] = Field(
        default={}, description="verb, name, reason, by and despite_verdict of a person's action."
    )


@dg.multi_asset(
    name="promotion",
    specs=specs_of(
        {
            "promotion.decisions": (
                "One row per decision about a model: gates, evidence, verdict, reason."
            ),
            "promotion.aliases": (
                "One row per alias: champion, challenger (its shadow too) and the champion before."
            ),
            "promotion.paired_sales": (
                "One row per sale that a candidate and a champion both valued."
            ),
            "promotion.probations": (
                "One row per look at a champion on probation, and what it said."
            ),
        },
        deps=(*INPUTS, *OPTIONAL),
        kinds=("duckdb", "mlflow"),
        code_version=gates.RULE_VERSION,
    ),
    pool="duckdb",
)
def promotion(config: PromotionConfig, warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    results = _acted(config, warehouse) if config.action else _judged(warehouse)
    reconcile(warehouse)
    write_reports(warehouse)
    yield from results


def _judged(warehouse: Warehouse) -> Results:
    policy, home = read_policy(warehouse.home), model_home(warehouse)
    return list(
        built_many(
            warehouse,
            TABLES,
            inputs=[*INPUTS, *(table for table in OPTIONAL if warehouse.exists(table))],
            code_version=gates.RULE_VERSION,
            settings={"policy": policy.sha256, **home.depends()},
            compute=lambda: making.made(home, policy, Moment(_now(), home.today)),
        )
    )


def _acted(config: PromotionConfig, warehouse: Warehouse) -> Results:
    """A person's word needs no evidence made anew: only the rows change, at once."""
    broken = making.broken_in(warehouse, warehouse.read("modeling.models"))
    shadow = read_policy(warehouse.home).shadow is not None
    today, results = market_today(warehouse), []
    with warehouse.transaction() as tx:
        before = {table: making.stands(tx, table) for table in TABLES}
        decisions, aliases, row = actions.carry_out(
            actions.Action(**config.action),
            before[DECISIONS],
            before[ALIASES],
            Moment(_now(), today),
            broken,
            shadow,
        )
        after = before | {DECISIONS: decisions, ALIASES: aliases}
        for table in TABLES:
            report = tx.replace(table, after[table])
            _, digest = table_fingerprint(tx.conn, table)
            # Made from a person's word: the next run judges again.
            record_build(tx, table, f"{row['decision_id']} {digest}", digest, gates.RULE_VERSION)
            told = dg.MetadataValue.json({"decision_id": row["decision_id"]})
            results.append(result_of(report, digest, False, decision=told))
    return results


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
