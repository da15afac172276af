"""Dagster faces of ingestion: what waits in the inbox becomes ledger, raw, staging, quarantine."""

# No postponed annotations here: Dagster looks at the type of `context` itself.
from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from realty_assets.faces import result_of
from realty_assets.ingestion import photo_pictures, photo_store
from realty_assets.ingestion.decisions import Request, decide
from realty_assets.ingestion.intake import CODE_VERSION, Taken, state, take_in
from realty_assets.ingestion.photos import take_in_photos
from realty_assets.settings import get_settings
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

FILES, RAW = dg.AssetKey(["ledger", "files"]), dg.AssetKey(["raw", "listings"])
DECISIONS = dg.AssetKey(["ledger", "decisions"])
LISTINGS = dg.AssetKey(["staging", "listings"])
PARCELS = dg.AssetKey(["staging", "parcels"])
QUARANTINE = dg.AssetKey(["staging", "quarantine"])
PHOTO_FILES = dg.AssetKey(["ledger", "photo_files"])
PHOTO_MANIFEST = dg.AssetKey(["ledger", "photo_manifest"])
PHOTOS, PHOTO_GAPS = dg.AssetKey(["staging", "photos"]), dg.AssetKey(["staging", "photo_gaps"])


class IngestionConfig(dg.Config):
    """What one run does: take in what waits, or carry a decision out."""

    decision: dict[str, Any] = Field(
        default={},
        description="A decision on quarantined rows or a source; without one, the inbox is taken.",
    )


def _spec(key: dg.AssetKey, description: str, *deps: dg.AssetKey) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        deps=list(deps),
        description=description,
        group_name="ingestion",
        kinds={"duckdb", "polars"},
        owners=["team:data"],
        code_version=CODE_VERSION,
    )


@dg.multi_asset(
    name="ingestion",
    pool="duckdb",
    specs=[
        _spec(FILES, "Every delivery of a file: its bytes, its counts, and what became of it."),
        _spec(RAW, "Every cell of every whole record, as text under its own heading.", FILES),
        _spec(DECISIONS, "Every decision on a quarantined row or a source: who, when and why."),
        _spec(
            LISTINGS,
            "Every accepted version of every listing, typed and flagged.",
            *(RAW, DECISIONS),
        ),
        _spec(PARCELS, "Every accepted version of every record of a county's roll.", RAW),
        _spec(
            QUARANTINE,
            "Every record kept out: raw text, place, the rules it breaks, what was decided.",
            *(RAW, DECISIONS),
        ),
        _spec(
            dg.AssetKey(["ledger", "events"]),
            "Everything that ever happened to a file; only added to.",
            *(FILES, DECISIONS),
        ),
        _spec(
            dg.AssetKey(["ledger", "contents"]),
            "Every content, whatever names it came under, with its counts as they stand now.",
            *(FILES, DECISIONS),
        ),
    ],
)
def ingestion(
    context: dg.AssetExecutionContext, config: IngestionConfig, warehouse: Warehouse
) -> Iterator[dg.MaterializeResult]:
    settings = get_settings()
    before = state(warehouse)
    taken, decided = Taken((), ()), {}
    if config.decision:
        request = Request(**config.decision)
        decided = decide(warehouse, request, CODE_VERSION, context.run_id, context.log.info)
    else:
        taken = take_in(
            warehouse,
            max_share=settings.quarantine_max_share,
            run_id=context.run_id,
            quiet_s=settings.inbox_quiet_s,
            log=context.log.info,
        )
    for table, (report, output_hash) in state(warehouse).items():
        reused = table in before and before[table][1] == output_hash
        yield result_of(
            report,
            output_hash,
            reused,
            n_files=len(taken.rows),
            growing=list(taken.growing),
            decision=decided,
        )


@dg.multi_asset(
    name="photos",
    pool="duckdb",
    specs=[
        _spec(PHOTO_FILES, "Every photo file that came, and what its bytes say.", LISTINGS),
        _spec(PHOTO_MANIFEST, "Every line of a manifest that came.", LISTINGS),
        _spec(PHOTOS, "Every photo of every listing, with its status.", PHOTO_FILES),
        _spec(PHOTO_GAPS, "Listings of which fewer usable photos came than they say.", PHOTOS),
    ],
)
def photos(
    context: dg.AssetExecutionContext, warehouse: Warehouse
) -> Iterator[dg.MaterializeResult]:
    settings = get_settings()
    rules = photo_store.Rules(
        settings.photo_max_pixels, settings.photo_near_distance, settings.photo_stock_listings
    )
    taken = take_in_photos(
        warehouse,
        rules,
        n_threads=settings.n_threads,
        run_id=context.run_id,
        quiet_s=settings.inbox_quiet_s,
        log=context.log.info,
    )
    counts = warehouse.read(sql("staging/photo_counts.sql")).to_dicts()
    told: dict[str, dict[str, Any]] = {
        photo_store.FILES: {"n_seen": taken.n_seen, "n_new": taken.n_new, "n_known": taken.n_known},
        photo_store.PHOTOS: {
            "by_status": dg.MetadataValue.table([dg.TableRecord(row) for row in counts])
            if counts
            else "no photo has come",
            "pictures": dg.MetadataValue.md(photo_pictures.thumbnails(warehouse)),
        },
    }
    for table, kept in taken.tables.items():
        yield result_of(kept.report, kept.output_hash, kept.reused, **told.get(table, {}))
