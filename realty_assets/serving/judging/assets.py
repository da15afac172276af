"""Dagster face of the evaluation page."""

from __future__ import annotations

import dagster as dg

from realty_assets.faces import built
from realty_assets.pages import damaged, templates_hash
from realty_assets.serving.judging.page import INPUTS, write_evaluation
from realty_assets.serving.report import TEMPLATES
from realty_assets.warehouse import Warehouse

TABLE = "serving.evaluation_reports"


@dg.asset(
    key=TABLE.split("."),
    deps=[name.split(".") for name in INPUTS],
    kinds={"duckdb", "html"},
    owners=["team:data"],
    group_name="serving",
    pool="duckdb",
    code_version="1",
    description="The HTML page of honest evaluation: splits, baselines, ratio study, segments.",
)
def evaluation_reports(warehouse: Warehouse) -> dg.MaterializeResult:
    return built(
        warehouse,
        TABLE,
        inputs=[name for name in INPUTS if warehouse.exists(name)],
        code_version="1",
        settings={"templates": templates_hash(TEMPLATES)},
        compute=lambda: write_evaluation(warehouse),
        intact=lambda: not damaged(warehouse.home, warehouse.read(TABLE)),
    )
