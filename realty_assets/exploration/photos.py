"""The state of the photos: broken, small, shared between listings, promised and not there."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from realty_assets.exploration.findings import Finding, Picture, Report, Table, in_order, share
from realty_assets.exploration.pictures import bars
from realty_assets.exploration.window import PHOTOS, Window

NAME, TITLE = "photos", "Photos"
ABOUT = (
    "Every staged photo by its status and size, pictures that stand under several listings, and "
    "listings whose photos have not all come."
)
# Shorter side, in pixels, under which a photo says little of a home.
SMALL_PX = 200
# A picture under so many listings is no photo of a home.
STOCK_LISTINGS = 5
BROKEN_SHARE = 0.05
MOST_SHARED = 10


def photos(seen: Window) -> Report:
    """The hygiene of staging.photos; says so when there is no such table yet."""
    if not seen.shows(PHOTOS):
        none = Finding("no_photos", "unjudged", "", "", 0, "No photos have been staged yet.")
        return Report(NAME, TITLE, ABOUT, (none,), ())
    by_status = seen.find("photos", small_px=SMALL_PX)
    shared = seen.find("photos_shared")
    promised = seen.find("photos_promised")
    findings = [*_broken(by_status), *_small(by_status), *_stock(shared), *_promised(promised)]
    return Report(
        NAME,
        TITLE,
        ABOUT,
        in_order(findings),
        (
            *_status_parts(by_status),
            Table(
                "Pictures under several listings, by perceptual hash",
                ("perceptual hash", "photos", "listings"),
                tuple(
                    shared.head(MOST_SHARED)
                    .select("phash", "n_photos", "n_listings")
                    .cast({"phash": pl.String})
                    .iter_rows()
                ),
                f"The first {MOST_SHARED} of {shared.height:,}.",
            ),
            Table(
                "Photos promised by listings, and come",
                ("source", "listings", "none came", "fewer", "as many", "more"),
                tuple(promised.iter_rows()),
            ),
        ),
    )


def _broken(by_status: pl.DataFrame) -> Iterator[Finding]:
    total = int(by_status["n_photos"].sum())
    for row in by_status.filter(pl.col("status") != "ok").to_dicts():
        n = row["n_photos"]
        yield Finding(
            "photo_status",
            "warn" if n > BROKEN_SHARE * total else "note",
            "",
            row["status"],
            n,
            f"{n:,} of {total:,} photos ({share(n, total)}) have the status '{row['status']}', "
            f"under {row['n_listings']:,} listings.",
        )


def _small(by_status: pl.DataFrame) -> Iterator[Finding]:
    n, total = int(by_status["n_small"].sum()), int(by_status["n_photos"].sum())
    if n:
        yield Finding(
            "small_photos",
            "note",
            "",
            "width",
            n,
            f"{n:,} of {total:,} photos have a side of fewer than {SMALL_PX} pixels.",
        )


def _stock(shared: pl.DataFrame) -> Iterator[Finding]:
    many = shared.filter(pl.col("n_listings") >= STOCK_LISTINGS)
    if many.height:
        yield Finding(
            "stock_photos",
            "warn",
            "",
            "phash",
            int(many["n_photos"].sum()),
            f"{many.height:,} pictures stand under {STOCK_LISTINGS} listings or more (one under "
            f"{many['n_listings'].to_list()[0]:,}): they are no photos of those homes.",
        )


def _promised(promised: pl.DataFrame) -> Iterator[Finding]:
    for row in promised.to_dicts():
        n = row["n_without"] + row["n_fewer"]
        if n:
            yield Finding(
                "photos_missing",
                "note",
                row["source"],
                "photos_count",
                n,
                f"{n:,} of {row['n_listings']:,} {row['source']} listings have fewer photos than "
                f"they say, {row['n_without']:,} of them none.",
            )


def _status_parts(by_status: pl.DataFrame) -> tuple[Picture, Table]:
    total = int(by_status["n_photos"].sum())
    rows = by_status.to_dicts()
    return (
        Picture(
            "Photos by status",
            bars(
                [(row["status"], row["n_photos"], f"{row['n_photos']:,}") for row in rows],
                title="Photos by status",
                summary="number of photos",
            ),
        ),
        Table(
            "Photos by status",
            ("status", "photos", "share", "listings", "middle size", "middle bytes", "all bytes"),
            tuple(
                (
                    *(row["status"], row["n_photos"], share(row["n_photos"], total)),
                    row["n_listings"],
                    "–"
                    if row["middle_width"] is None
                    else f"{row['middle_width']} × {row['middle_height']}",
                    row["middle_n_bytes"],
                    row["n_bytes"],
                )
                for row in rows
            ),
        ),
    )
