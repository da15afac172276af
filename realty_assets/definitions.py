"""The one place that wires assets, checks, jobs, sensors, schedules and resources.

Importing it does no IO and loads no modelling library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from realty_assets import automation
from realty_assets.analysis import assets as analysis
from realty_assets.analysis import checks as analysis_checks
from realty_assets.cleaning import assets as cleaning
from realty_assets.cleaning import checks as cleaning_checks
from realty_assets.exploration import assets as exploration
from realty_assets.exploration import checks as exploration_checks
from realty_assets.features import assets as features
from realty_assets.features import checks as features_checks
from realty_assets.ingestion import assets as ingestion
from realty_assets.ingestion import checks as ingestion_checks
from realty_assets.modeling import assets as modeling
from realty_assets.modeling import checks as modeling_checks
from realty_assets.modeling.judging import assets as judging
from realty_assets.monitoring import assets as monitoring
from realty_assets.monitoring import checks as monitoring_checks
from realty_assets.monitoring.alerting import assets as alerting
from realty_assets.multimodal import assets as multimodal
from realty_assets.multimodal import checks as multimodal_checks
from realty_assets.operations import assets as operations
from realty_assets.promotion import assets as promotion
from realty_assets.publishing import assets as publishing
from realty_assets.publishing import checks as publishing_checks
from realty_assets.retraining import assets as retraining
from realty_assets.serving import assets as serving
from realty_assets.serving import checks as serving_checks
from realty_assets.serving.judging import assets as judging_page
from realty_assets.settings import Settings, get_settings
from realty_assets.warehouse import Warehouse

ROOMS = [
    *(ingestion, exploration, publishing, cleaning, features, multimodal),
    *(modeling, judging, analysis, promotion, serving, judging_page, monitoring, alerting),
    *(retraining, operations),
]
CHECKS = [
    ingestion_checks,
    exploration_checks,
    publishing_checks,
    cleaning_checks,
    features_checks,
    multimodal_checks,
    modeling_checks,
    analysis_checks,
    serving_checks,
    monitoring_checks,
]


def _with_policy(spec: dg.AssetSpec) -> dg.AssetSpec:
    if spec.group_name in automation.FOLLOWING_GROUPS:
        return spec.replace_attributes(automation_condition=automation.follows_new_data())
    return spec


def build_defs(
    *, settings: Settings | None = None, resource_overrides: Mapping[str, Any] | None = None
) -> dg.Definitions:
    """The graph of one home. Tests and tools call it with settings or resources of their own."""
    settings = settings or get_settings()
    assets = [
        asset.map_asset_specs(_with_policy)
        for asset in dg.load_assets_from_modules(ROOMS)
        if isinstance(asset, dg.AssetsDefinition)
    ]
    return dg.Definitions(
        assets=assets,
        asset_checks=dg.load_asset_checks_from_modules(CHECKS),
        jobs=automation.jobs,
        sensors=list(automation.sensors),
        schedules=automation.schedules,
        resources={
            "warehouse": Warehouse.at(settings.warehouse_path),
            **(resource_overrides or {}),
        },
        executor=dg.in_process_executor,
    )


defs = build_defs()


def current_defs() -> dg.Definitions:
    """The graph of the home that the settings name now; `defs` is of the home at import."""
    settings = get_settings()
    held = (defs.resources or {})["warehouse"].path
    return defs if held == settings.warehouse_path else build_defs(settings=settings)
