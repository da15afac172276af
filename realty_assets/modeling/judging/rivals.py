"""modeling.evaluation_rivals: other people's predictions of the very same sales, compared in pairs.

A file of rivals is a CSV with close_date and parcel_number (or listing_key, where a source has no
parcel numbers), and a column of predictions in dollars for each rival.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.evaluation.arrays import MIN_SALES, TOO_SMALL
from realty_assets.evaluation.metrics import ppe, r_squared
from realty_assets.evaluation.paired import compare
from realty_assets.evaluation.ratio_study import cod
from realty_assets.evaluation.resampling import month_area
from realty_assets.modeling.judging.past import area_name, with_homes

HOMES = ("parcel_number", "listing_key")
NOT_RIVALS = {*HOMES, "close_date", "close_price"}
VERDICTS = {"better": "model better", "worse": "rival better"}


class BadRivals(RealtyError):
    """A file of rival predictions cannot be used."""


@dataclass(frozen=True)
class Rivals:
    """Rival predictions: `frame` with `key` and a Float64 column for each of `names`."""

    file_name: str
    sha256: str
    key: tuple[str, str]
    names: tuple[str, ...]
    frame: pl.DataFrame


def read_rivals(path: Path) -> Rivals:
    """Reads a file of rivals. Raises BadRivals, naming what is missing and what is there."""
    if not path.is_file():
        raise BadRivals(f"There is no file {path}: name a CSV file of rival predictions.")
    raw = path.read_bytes()
    try:
        frame = pl.read_csv(raw, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        first = str(error).split("\n", maxsplit=1)[0]
        raise BadRivals(f"{path.name} cannot be read as CSV: {first}.") from error
    home = next((name for name in HOMES if name in frame.columns), None)
    missing = [] if home else [HOMES[0]]
    missing += [] if "close_date" in frame.columns else ["close_date"]
    if home is None or missing:
        raise BadRivals(
            f"{path.name} has no column {' and no column '.join(missing)}; it has: "
            f"{', '.join(frame.columns)}."
        )
    names = tuple(name for name in frame.columns if name not in NOT_RIVALS)
    if not names:
        raise BadRivals(f"{path.name} has no column of predictions besides {home} and close_date.")
    frame = frame.select(
        pl.col(home).str.strip_chars(),
        pl.col("close_date").str.strip_chars().str.head(10).str.to_date("%Y-%m-%d", strict=False),
        *(pl.col(name).str.strip_chars().cast(pl.Float64, strict=False) for name in names),
    )
    if len(frame) and frame["close_date"].null_count() == len(frame):
        raise BadRivals(f"close_date in {path.name} must be written YYYY-MM-DD.")
    return Rivals(path.name, hashlib.sha256(raw).hexdigest(), (home, "close_date"), names, frame)


def rival_rows(
    predictions: pl.DataFrame, sales: pl.DataFrame, rivals: Rivals, seed: int = 7
) -> pl.DataFrame:
    """modeling.evaluation_rivals of one backtest: one row per rival.

    Sales are matched by the file's key and close date; what is there twice on either side is
    ambiguous and left out. `*_difference` are the model's less the rival's: negative where the
    model is the more accurate.
    """
    key = list(rivals.key)
    full = with_homes(predictions, sales)
    homes = full.select(*key, "close_price", "prediction", "cutoff", area_name(full))
    once = pl.len().over(key) == 1
    usable = pl.all_horizontal(pl.col(key).is_not_null())
    mine, theirs = homes.filter(once & usable), rivals.frame.filter(once & usable)
    both = mine.join(theirs, on=key, how="inner", maintain_order="left")
    out = []
    for name in rivals.names:
        rows = both.filter(pl.col(name).is_finite() & (pl.col(name) > 0))
        row: dict[str, Any] = {
            "backtest_id": predictions["backtest_id"][0],
            "track": predictions["track"][0],
            "rival": name,
            "n": len(rows),
            "n_file_rows": len(rivals.frame),
            "n_ambiguous": len(rivals.frame) - len(theirs) + len(homes) - len(mine),
            "n_file_unmatched": len(theirs) - len(both),
            "n_sales_unmatched": len(mine) - len(both),
            "n_without_prediction": len(both) - len(rows),
            "file_name": rivals.file_name,
            "file_sha256": rivals.sha256,
            "made_from": made_from(predictions),
            "note": "",
        }
        if len(rows) < MIN_SALES:
            out.append(row | {"note": TOO_SMALL})
            continue
        p, q, s = (
            rows[column].to_numpy().astype(np.float64)
            for column in ("prediction", name, "close_price")
        )
        labels = month_area(rows["cutoff"].to_list(), rows["area"].to_list())
        pair = compare(p, q, s, labels, seed=seed)
        said = pair.as_dict()
        row |= {key: said[key] for key in said if key in SCHEMA and key not in ("n", "note")}
        row |= {
            "model_mdape": pair.mdape_a,
            "rival_mdape": pair.mdape_b,
            "rival_ppe10": ppe(q, s, 0.10),
            "rival_r2": r_squared(q, s),
            "rival_cod": cod(q, s),
            "verdict": VERDICTS.get(pair.verdict, pair.verdict),
            "note": pair.note,
        }
        out.append(row)
    return pl.DataFrame(out, schema=SCHEMA)


def made_from(predictions: pl.DataFrame) -> str:
    """What a backtest's predictions were made from."""
    return predictions["made_from"][0] if "made_from" in predictions.columns else ""


_BOUNDS = ("", "_low", "_high", "_below", "_above")
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("backtest_id", "track", "rival"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(("model_mdape", "rival_mdape", "rival_ppe10", "rival_r2"), pl.Float64),
    "rival_cod": pl.Float64,
    **{f"{name}_difference{end}": pl.Float64 for name in ("error", "mdape") for end in _BOUNDS},
    "verdict": pl.String,
    "n_blocks": pl.Int64,
    "n_draws": pl.Int64,
    **dict.fromkeys(
        ("n_file_rows", "n_ambiguous", "n_file_unmatched", "n_sales_unmatched"), pl.Int64
    ),
    "n_without_prediction": pl.Int64,
    **dict.fromkeys(("file_name", "file_sha256", "made_from", "note"), pl.String),
}
