"""Dagster faces of exploration: hygiene reports of the staging tables."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from realty_assets.exploration import making
from realty_assets.exploration.rendering import TEMPLATES
from realty_assets.exploration.window import LISTINGS, PHOTOS, QUARANTINE
from realty_assets.faces import built_many
from realty_assets.ingestion.sources import all_sources
from realty_assets.pages import damaged, templates_hash
from realty_assets.warehouse import Warehouse

CODE_VERSION = "1"
DEPS = [LISTINGS, QUARANTINE, PHOTOS]


def _spec(table: str, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.split("."),
        deps=[name.split(".") for name in DEPS],
        description=description,
        group_name="exploration",
        kinds={"duckdb", "html", "markdown"},
        owners=["team:data"],
        code_version=CODE_VERSION,
    )


@dg.multi_asset(
    name="exploration",
    pool="duckdb",
    specs=[
        _spec(making.FINDINGS, "Everything the hygiene reports found, in sentences."),
        _spec(making.REPORTS, "The hygiene reports: a Markdown and an HTML file each."),
    ],
)
def exploration(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    withheld = making.withheld_by(all_sources(warehouse.home))
    results = built_many(
        warehouse,
        [making.FINDINGS, making.REPORTS],
        inputs=[table for table in DEPS if table != PHOTOS or warehouse.exists(PHOTOS)],
        code_version=CODE_VERSION,
        settings={
            "templates": templates_hash(TEMPLATES),
            "withheld": [vars(entry) for entry in withheld],
        },
        compute=lambda: making.make(warehouse, withheld),
        intact=lambda: not damaged(warehouse.home, warehouse.read(making.REPORTS)),
    )
    for result in results:
        folder = warehouse.home / making.FOLDER
        yield dg.MaterializeResult(
            asset_key=result.asset_key,
            data_version=result.data_version,
            metadata={
                **(result.metadata or {}),
                **making.counted(warehouse),
                "overview": dg.MetadataValue.md((folder / f"{making.OVERVIEW}.md").read_text()),
                "path": dg.MetadataValue.path(folder / f"{making.OVERVIEW}.html"),
            },
        )
