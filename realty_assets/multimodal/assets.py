"""Dagster faces of the multimodal room."""

# No postponed annotations here: Dagster looks at the type of `context` itself.
import dagster as dg

from realty_assets.faces import built, result_of
from realty_assets.multimodal import listing_photos as pooling
from realty_assets.multimodal.backbone import Backbone, chosen
from realty_assets.multimodal.embeddings_table import (
    CODE_VERSION,
    TABLE,
    make_embeddings,
    statuses,
)
from realty_assets.settings import get_settings
from realty_assets.warehouse import Warehouse


def asked_backbone() -> Backbone | None:
    """The network that the settings of this process ask for; None: photos are not looked at."""
    settings = get_settings()
    return chosen(settings.photo_backbone, settings.photo_weights, settings.photo_weights_sha256)


@dg.asset(
    key=TABLE.split("."),
    deps=[["staging", "photos"]],
    description="Every photo of every listing as numbers, embedded once by each network.",
    group_name="multimodal",
    kinds={"duckdb", "pytorch"},
    owners=["team:data"],
    pool="duckdb",
    code_version=CODE_VERSION,
)
def embeddings(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    settings, backbone = get_settings(), asked_backbone()
    made = make_embeddings(
        warehouse,
        backbone,
        n_threads=settings.n_threads,
        max_pixels=settings.photo_max_pixels,
        run_id=context.run_id,
        log=context.log.info,
    )
    by_status = statuses(warehouse, backbone).rows() if backbone else []
    return result_of(
        made.report,
        made.output_hash,
        made.reused,
        backbone=backbone.key if backbone else "none",
        n_wanted=made.n_wanted,
        n_new=made.n_new,
        embedding_s=round(made.seconds, 2),
        by_status=dg.MetadataValue.json(dict(by_status)),
    )


@dg.asset(
    key=pooling.TABLE.split("."),
    deps=[table.split(".") for table in pooling.INPUTS],
    description="What the photos of a listing say together, and on which tracks it is known.",
    group_name="multimodal",
    kinds={"duckdb", "numpy"},
    owners=["team:data"],
    pool="duckdb",
    code_version=pooling.CODE_VERSION,
)
def listing_photos(warehouse: Warehouse) -> dg.MaterializeResult:
    backbone = asked_backbone()
    return built(
        warehouse,
        pooling.TABLE,
        inputs=pooling.INPUTS,
        code_version=pooling.CODE_VERSION,
        settings={"backbone": backbone.key if backbone else None},
        compute=lambda: pooling.listing_photos(warehouse, backbone),
    )
