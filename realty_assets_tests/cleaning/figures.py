"""Prints the figures of the cleaning room against a sample market's answer key.

python -m realty_assets_tests.cleaning.figures --listings 4000 --months 26 --seed 5
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.warehouse import Warehouse
from realty_assets_tests.cleaning import scoring, slips
from realty_assets_tests.cleaning.rooms import Room
from realty_assets_tests.markets import make_sample, realty_here


def figures(sample: Path, staged: pl.DataFrame, seed: int) -> dict[str, Any]:
    """Scores of `staged` as it came, and of the same with copies and slips."""
    truth = pl.read_parquet(sample / "answer_key" / "truth.parquet")
    faults = pl.read_parquet(sample / "answer_key" / "faults.parquet")
    plain = slips.Told(staged, slips.truth_of(staged, truth, faults))
    harder = slips.with_slips(staged, plain.truth, seed)
    found = {}
    for name, told in {"as it came": plain, "with copies and slips": harder}.items():
        started = time.perf_counter()
        room = Room(told.staged)
        wall_s = time.perf_counter() - started
        n_sales, n_exact = scoring.sales_told_once(room["sale_listings"], told.truth)
        found[name] = {
            "n_listings": room["listings"].height,
            "wall_s": round(wall_s, 1),
            "by_evidence": dict(
                room["property_links"].group_by("evidence").len().sort("evidence").iter_rows()
            ),
            "linking": scoring.linking(room["listings"], told.truth).told(),
            "sales": {"n": n_sales, "exact": n_exact / n_sales},
            "invalid_sales": scoring.invalid_sales(room["sales"], truth, faults).told(),
        }
    return found


def staged_market(folder: Path, listings: int, months: int, seed: int) -> tuple[Path, pl.DataFrame]:
    """A sample market below `folder`, and its staging.listings."""
    sample = make_sample(folder / "sample", listings=listings, months=months, photos=0, seed=seed)
    realty_here(folder / "home", "ingest", sample / "exports", "--source", "har")
    return sample, Warehouse.at(folder / "home" / "warehouse.duckdb").read("staging.listings")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listings", type=int, default=4000)
    parser.add_argument("--months", type=int, default=26)
    parser.add_argument("--seed", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REALTY_HOME"] = f"{folder}/home"
        sample, staged = staged_market(Path(folder), asked.listings, asked.months, asked.seed)
        found = figures(sample, staged, asked.seed)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
