"""generate: the whole sample market in a folder. write_big_export: one long file for benchmarks."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from realty_assets.sample_market import answer_key
from realty_assets.sample_market import photos as pictures
from realty_assets.sample_market.cells import Writer, to_lines
from realty_assets.sample_market.exports import BOM, EOL, FAULT_SCHEMA, fault_row, write_exports
from realty_assets.sample_market.faults import plant
from realty_assets.sample_market.market import simulate
from realty_assets.sample_market.timeline import build_states, lay_out
from realty_assets.sample_market.vocabulary import HEADINGS

Progress = Callable[[str, float], None]
CHUNK_ROWS = 100_000


@dataclass(frozen=True)
class SampleReport:
    """What generate() wrote. Counts of rows are data records, without headings and notes."""

    out: str
    n_listings: int
    n_closed: int
    n_files: int
    n_rows: int
    n_row_faults: int
    n_fault_kinds: int
    n_photos: int
    irreducible_off_market_mdape: float

    def as_dict(self) -> dict[str, str | int | float]:
        """The report as a plain dict, for JSON."""
        return asdict(self)


def _no_progress(step: str, share: float) -> None:
    """For callers who do not watch."""


def generate(
    out: Path,
    *,
    listings: int,
    months: int,
    photos: int,
    seed: int,
    progress: Progress | None = None,
) -> SampleReport:
    """Write a sample market: exports/, photos/ and answer_key/ under `out`.

    listings: number of MLS numbers (a re-list is a new one). months: length of the window.
    photos: number of photo files in all, a few listings with four each. The same arguments give
    the same bytes. `progress` is told the step and the share done (0 to 1).

    Raises ValueError when the counts are too small for a market or negative, FileExistsError when
    `out` already holds exports, and OSError as the file system does.
    """
    tell = progress or _no_progress
    out = Path(out)
    if photos < 0 or seed < 0:
        raise ValueError(f"photos and seed may not be negative, got {photos} and {seed}")
    exports = out / "exports"
    if exports.exists() and any(exports.iterdir()):
        raise FileExistsError(f"{exports} is not empty: choose another folder or remove it")
    tell("simulating the market", 0.0)
    market = simulate(listings, months, seed)
    states = build_states(market)
    rows = lay_out(states, market, seed)
    shots = pictures.plan_photos(market, states, photos, seed)
    n_shots, shown = pictures.photo_counts(shots, market.mls_number, seed)
    tell("writing exports", 0.1)
    writer = Writer(market, states, seed, pl.Series(shown))
    cells = writer.cells(rows.state)
    plan = plant(market, states, rows, cells, to_lines(cells), seed)
    faults = write_exports(exports, rows.names, plan, cells)
    truth = answer_key.build_truth(market, states, plan.token_listings, n_shots)

    tell("rendering photos", 0.3)
    photo_truth = pictures.write_photos(
        out / "photos", shots, lambda share: tell("rendering photos", 0.3 + 0.7 * share)
    )
    photo_faults = [
        fault_row(name, 0, 0, key, fault) for name, key, fault in pictures.photo_faults(shots)
    ]
    faults = pl.concat([faults, pl.DataFrame(photo_faults, schema=FAULT_SCHEMA, orient="row")])

    key = out / "answer_key"
    key.mkdir(parents=True, exist_ok=True)
    truth.write_parquet(key / "truth.parquet")
    faults.write_parquet(key / "faults.parquet")
    photo_truth.write_parquet(key / "photos.parquet")
    tell("done", 1.0)
    return SampleReport(
        out=str(out),
        n_listings=listings,
        n_closed=int(truth["is_closed"].sum()),
        n_files=sum(any(line.is_record for line in lines) for lines in plan.lines),
        n_rows=sum(line.is_record for lines in plan.lines for line in lines),
        n_row_faults=faults.filter((pl.col("scope") == "row") & ~pl.col("legal")).height,
        n_fault_kinds=faults["kind"].n_unique(),
        n_photos=len(shots),
        irreducible_off_market_mdape=answer_key.irreducible_off_market_mdape(truth),
    )


def write_big_export(path: Path, rows: int, seed: int, *, months: int = 30) -> None:
    """Write one HAR long-form file of exactly `rows` records, without faults, for benchmarks.

    The same bytes for the same arguments. Raises ValueError below 100 rows.
    """
    if rows < 100:
        raise ValueError(f"a big export needs at least 100 rows, got {rows}")
    market = simulate(max(rows // 2, 60), months, seed)
    states = build_states(market)
    layout = lay_out(states, market, seed)
    chosen = np.unique(layout.state)[:rows]
    if len(chosen) < rows:
        raise ValueError(f"the market drawn has only {len(chosen)} rows, {rows} were asked for")
    shown = pl.Series(np.full(len(market.mls_number), 20))
    writer = Writer(market, states, seed, shown)
    with Path(path).open("wb") as file:
        file.write(BOM + (",".join(HEADINGS) + EOL).encode())
        for start in range(0, rows, CHUNK_ROWS):
            part = writer.cells(chosen[start : start + CHUNK_ROWS])
            part.write_csv(file, include_header=False, line_terminator=EOL)
