"""Against the answer key of a sample market: what rules must see, and what they must leave."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from realty_assets.ingestion.inbox import deposit
from realty_assets.ingestion.intake import take_in
from realty_assets.sample_market import generate
from realty_assets.warehouse import Warehouse

PLACE = ["file_name", "line_number"]


@pytest.mark.parametrize("seed", [5])
def test_recall_precision_and_clean_rows(home: Path, tmp_path: Path, seed: int) -> None:
    out = tmp_path / "market"
    generate(out, listings=2_500, months=12, photos=0, seed=seed)
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    deposit(out / "exports", home, "har")
    taken = take_in(warehouse, max_share=0.2)
    assert {row.status for row in taken.rows} == {"staged"}

    faults = pl.read_parquet(next(out.rglob("faults.parquet")))
    names = warehouse.read("ledger.files").select("file_hash", "file_name")
    staged = warehouse.read("staging.listings").join(names, on="file_hash")
    flagged = staged.filter(pl.col("flags").list.len() > 0).select(PLACE)
    quarantined = warehouse.read("staging.quarantine").select(PLACE)
    seen = pl.concat([flagged, quarantined])

    visible = faults.filter(pl.col("scope") == "row", pl.col("visible"), ~pl.col("legal"))
    missed = visible.join(seen, on=PLACE, how="anti")
    assert missed.height <= 0.02 * visible.height, missed["kind"].to_list()
    unfounded = flagged.join(faults, on=PLACE, how="anti")
    assert unfounded.height <= 0.01 * flagged.height, unfounded.rows()
    blamed = seen.unique()
    assert blamed.join(faults, on=PLACE, how="anti").height <= 0.01 * blamed.height
    clean = quarantined.join(faults, on=PLACE, how="anti")
    n_rows = sum(row.rows_read for row in taken.rows)
    assert clean.height <= 0.005 * n_rows, clean.rows()

    untouched = faults.filter(
        pl.col("legal"), pl.col("scope") == "row", pl.col("kind") != "same row twice"
    )
    assert untouched.join(staged.select(PLACE), on=PLACE, how="anti")["kind"].to_list() == []
