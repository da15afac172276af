"""Other counties for tests: slices of King County's sales that lack what other sources lack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from realty_assets.ingestion.sources import MAPPINGS

# ZIP codes of the slice: some 1,200 sales side by side.
ZIPS = ("98103", "98115")


@dataclass(frozen=True)
class County:
    """A source as a user would describe it: without some columns, or with months for days."""

    name: str
    without: tuple[str, ...] = ()
    months_only: bool = False

    def write(self, shared_data: Path, folder: Path) -> tuple[Path, Path]:
        """(file, mapping) of the county, below `folder`."""
        rows = pl.read_csv(shared_data / "king_county" / "kc_house_data.csv", infer_schema=False)
        rows = rows.filter(pl.col("zipcode").is_in(ZIPS)).drop(self.without)
        mapping = _mapping(self.name, rows.columns)
        if self.months_only:
            month = pl.col("date").str.slice(4, 2) + "/" + pl.col("date").str.slice(0, 4)
            rows = rows.with_columns(date=month)
            mapping["columns"]["date"] = {"to": "close_date", "as": "month", "formats": ["%m/%Y"]}
        folder.mkdir(parents=True, exist_ok=True)
        file, spec = folder / f"{self.name}.csv", folder / f"{self.name}.yaml"
        rows.write_csv(file)
        spec.write_text(yaml.safe_dump(mapping, sort_keys=False), encoding="utf-8")
        return file, spec


def _mapping(name: str, headings: Iterable[str]) -> dict[str, Any]:
    """King County's mapping under another name, of the headings that are left."""
    mapping = yaml.safe_load((MAPPINGS / "king_county.yaml").read_text(encoding="utf-8"))
    left = set(headings)
    mapping["columns"] = {h: to for h, to in mapping["columns"].items() if h in left}
    mapping["recognised_by"] = [h for h in mapping["recognised_by"] if h in left]
    return mapping | {"name": name}
