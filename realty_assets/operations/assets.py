"""Dagster faces of the operations room.

Its tables tell of what was done to the home, not of its data: they are in no fingerprint, and not
in ledger.builds, so that a backup leaves a home as up to date as it was.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from realty_assets.check_states import check_states
from realty_assets.faces import result_of, specs_of
from realty_assets.fingerprint import table_fingerprint
from realty_assets.holding import HOLDS
from realty_assets.home_history import KIND, RunKeeper
from realty_assets.operations.bills import BILLS
from realty_assets.operations.costing import COSTS, take_in
from realty_assets.operations.evidence.pack import make_pack, named_checks
from realty_assets.operations.evidence.review import REVIEWS, take_reviews
from realty_assets.operations.making import make_backup
from realty_assets.operations.pausing import turn
from realty_assets.operations.records import ACTIONS, BACKUPS, create_tables
from realty_assets.operations.rescore import RESCORED, rescore
from realty_assets.operations.retention.policy import read_policy
from realty_assets.operations.retention.records import RETENTION
from realty_assets.operations.retention.retain import retain
from realty_assets.operations.withdrawing import turn_page
from realty_assets.settings import get_settings
from realty_assets.warehouse import Warehouse

TABLES = (ACTIONS, BACKUPS, RETENTION, HOLDS, RESCORED, REVIEWS, COSTS, BILLS)


class OperationsConfig(dg.Config):
    """What one run does to the home: nothing, or what is asked for."""

    backup: dict[str, Any] = Field(
        default={}, description="folder, reason and by of a backup to make."
    )
    switch: dict[str, Any] = Field(
        default={},
        description="verb (pause, resume), switch (publishing, automation), reason, by and until.",
    )
    page: dict[str, Any] = Field(
        default={}, description="verb (withdraw, reinstate), page, reason and by."
    )
    rescore: dict[str, Any] = Field(
        default={}, description="first and last day, track, reason and by of a rescoring."
    )
    evidence: dict[str, Any] = Field(
        default={}, description="folder, reason, by, seed and n of an evidence pack."
    )
    review: dict[str, Any] = Field(
        default={}, description="sheet (a filled-in CSV file), reason and by of reviews."
    )
    retain: dict[str, Any] = Field(
        default={}, description="reason and by of letting go of what the policy does not keep."
    )


@dg.multi_asset(
    name="operations",
    specs=specs_of(
        {
            ACTIONS: "Who did what to the home as a whole, when, why, and what came of it.",
            BACKUPS: "Every backup of the home: where it was put, and what it holds.",
            RETENTION: "What the home let go of: class, path or id, bytes, age and policy.",
            HOLDS: "Legal holds, put on and taken off: what, by whom and why.",
            RESCORED: "Values of a window by the champion of then and by that of now.",
            REVIEWS: "Homes that were drawn for review, and what reviewers said of them.",
            COSTS: "What each run took for each table: time, CPU, memory, bytes, price.",
            BILLS: "What bills say of each day, to hold the estimate against.",
        },
        code_version="1",
    ),
    # A backup is made while no step that writes runs.
    pool="duckdb",
)
def operations(
    context: dg.AssetExecutionContext, config: OperationsConfig, warehouse: Warehouse
) -> Iterator[dg.MaterializeResult]:
    told: dict[str, Any] = {}
    retained: dict[str, Any] = {}
    rescored: dict[str, Any] = {}
    reviewed: dict[str, Any] = {}
    if config.backup:
        settings = get_settings().model_dump(mode="json")
        told = make_backup(warehouse, settings, **config.backup, run_id=context.run_id)
    if config.switch:
        turn(warehouse, **config.switch)
    if config.page:
        turn_page(warehouse, **config.page)
    if config.rescore:
        rescored = rescore(warehouse, **config.rescore, run_id=context.run_id)
    if config.evidence:
        states = check_states(context.instance, named_checks())
        reviewed = make_pack(warehouse, states, **config.evidence, run_id=context.run_id)
    if config.review:
        sheet = Path(config.review["sheet"])
        reviewed = take_reviews(warehouse, **{**config.review, "sheet": sheet})
    if config.retain:
        days = read_policy(warehouse.home).runs.keep_days
        runs = RunKeeper(context.instance, warehouse.home, days)
        retained = retain(warehouse, {KIND: runs}, **config.retain, run_id=context.run_id)
    take_in(warehouse)
    with warehouse.transaction() as tx:
        create_tables(tx)
        for table in TABLES:
            _, digest = table_fingerprint(tx.conn, table)
            asked = bool(told or retained or rescored or reviewed or config.switch or config.page)
            yield result_of(
                *(tx.report(table), digest, not asked),
                backup=told,
                retain=retained,
                rescore=rescored,
                review=reviewed,
            )
