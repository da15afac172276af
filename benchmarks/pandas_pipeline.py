"""Ingestion against the plain pandas + pandera pipeline that one would write for the same result.

The rival reads the export with `read_csv`, keeps every cell as parquet, converts types by the same
mapping, judges rows by the same rules with a lazily validated pandera schema, splits accepted rows
from quarantined ones (with raw text and every reason), tells unchanged versions, and writes both to
DuckDB. It holds the whole file in memory and is not safe against a kill; ours does neither.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks._large import ROWS, Told, child, ours, row, tell, write

if TYPE_CHECKING:
    import pandas as pd

ROUNDS = 2
# Quarantined rows may differ by this share: rounding of medians, ties.
LEAST_AGREEMENT = 0.98


def run() -> list[Told]:
    """Two rows of the benchmark table: time, and peak memory."""
    with tempfile.TemporaryDirectory(prefix="realty-bench-") as folder:
        base, export = Path(folder), Path(folder) / "export.csv"
        write(export, ROWS)
        rivals, mine = [], []
        for _ in range(ROUNDS):
            rivals.append(child(__file__, export, base))
            mine.append(ours(export, base))
    best, rival = (min(told, key=lambda one: one["wall_s"]) for told in (mine, rivals))
    for name in ("rows_read", "staged", "quarantined"):
        fewer, more = sorted([best[name], rival[name]])
        assert fewer >= LEAST_AGREEMENT * more, f"{name}: {best[name]} and {rival[name]}"
    held = f"{best['quarantined']:,} here and {rival['quarantined']:,} there"
    note = f"{ROWS:,} rows; quarantined {held}"
    return [
        row("ingestion against pandas + pandera", best["wall_s"], rival["wall_s"], 1.0, note),
        row(
            "ingestion, peak memory in GB against pandas + pandera",
            best["peak_gb"],
            rival["peak_gb"],
            None,
            "the whole file in memory there",
        ),
    ]


def pipeline(export: str, base: str) -> Told:
    """The rival: from an export to raw parquet and two tables of a DuckDB file."""
    import hashlib

    import duckdb
    import pandas as pd

    place, kept = Path(base) / "pandas.duckdb", Path(base) / "pandas_raw.parquet"
    place.unlink(missing_ok=True)
    started = time.perf_counter()
    with open(export, "rb") as file:
        file_hash = hashlib.file_digest(file, "sha256").hexdigest()
    raw = pd.read_csv(export, dtype="str", encoding="utf-8-sig", na_values=[""], na_filter=True)
    raw.to_parquet(kept)
    typed = convert(raw)
    typed["row_hash"] = hash_rows(raw)
    reasons, flags = judge(typed)
    held = reasons.index.unique()
    accepted = typed.drop(index=held)
    accepted = accepted.drop(index=repeated(accepted))
    accepted["file_hash"], accepted["record_number"] = file_hash, accepted.index + 1
    accepted["flags"] = flags.groupby(level=0).agg(",".join).reindex(accepted.index).fillna("")
    texts = raw.loc[held].to_csv(index=False, header=False, lineterminator="\n").split("\n")
    quarantine = pd.DataFrame(
        {
            "record_number": held + 1,
            "rule_ids": reasons.groupby(level=0).agg(",".join).reindex(held),
            "raw_text": texts[: len(held)],
        }
    )
    n_unchanged = len(typed) - len(accepted) - len(quarantine)
    with duckdb.connect(str(place)) as conn:
        conn.execute("CREATE TABLE listings AS SELECT * FROM accepted")
        conn.execute("CREATE TABLE quarantine AS SELECT * FROM quarantine")
    wall_s = time.perf_counter() - started
    assert n_unchanged >= 0
    place.unlink()
    kept.unlink()
    return {
        "wall_s": wall_s,
        "rows_read": len(raw),
        "staged": len(accepted),
        "quarantined": len(quarantine),
    }


def convert(raw: pd.DataFrame) -> pd.DataFrame:
    """Typed columns, as the HAR mapping says."""
    import pandas as pd

    from realty_assets.ingestion.contract import POLARS_TYPES
    from realty_assets.ingestion.sources import load_source

    (source,) = load_source("har_matrix")
    typed: dict[str, Any] = {}
    for heading, cell in source.cells():
        if heading not in raw:
            continue
        text = raw[heading].str.strip()
        match cell.kind:
            case "money" | "number" | "integer":
                digits = text.str.replace(r"[$,*]", "", regex=True)
                number = pd.to_numeric(digits, errors="coerce")
                if cell.zero_is_missing:
                    number = number.where(number != 0)
                whole = str(POLARS_TYPES.get(cell.to, "")) == "Int32"
                typed[cell.to] = number.round().astype("Int32") if whole else number
            case "date" | "timestamp":
                day = pd.to_datetime(text, format=cell.formats[0], errors="coerce")
                other = pd.to_datetime(
                    text[day.isna() & text.notna()], format=cell.formats[1], errors="coerce"
                )
                day = day.fillna(other)
                if cell.kind == "timestamp":
                    local = day.dt.tz_localize(
                        source.time_zone, ambiguous=True, nonexistent="shift_forward"
                    )
                    day = local.dt.tz_convert("UTC").dt.tz_localize(None)
                typed[cell.to] = day
            case "yes_no":
                typed[cell.to] = text.str.lower().map({"yes": True, "no": False})
            case "lookup":
                found = text.map(cell.values)
                typed[cell.to] = found.fillna(text) if cell.otherwise == "keep" else found
            case "zip":
                typed[cell.to] = text.str.extract(r"^(\d{5})(?:-?\d{4})?$", expand=False)
            case _:
                typed[cell.to] = text
        typed[f"unread {cell.to}"] = text.notna() & typed[cell.to].isna()
    frame = pd.DataFrame(typed)
    frame["bathrooms_total"] = frame["bathrooms_full"] + 0.5 * frame["bathrooms_half"].fillna(0)
    closed = frame["close_date"] + pd.Timedelta(days=1, hours=6)
    frame["known_at"] = frame["modification_timestamp"].fillna(closed)
    return frame


def hash_rows(raw: pd.DataFrame) -> pd.Series:
    """A hash of what the mapping reads, without the headings that change without news."""
    import pandas as pd

    from realty_assets.ingestion.sources import load_source

    (source,) = load_source("har_matrix")
    read = [name for name in source.columns if name in raw and name not in source.volatile]
    return pd.util.hash_pandas_object(raw[read], index=False)


def judge(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """(reasons of quarantine, flags): rule ids by row; wrong optional cells of `frame` emptied."""
    import pandas as pd
    import pandera.pandas as pa

    from realty_assets.ingestion import contract

    errors, warnings = verdicts(frame)
    for name in contract.COLUMN_NAMES:
        limits = contract.range_of(name)
        if limits is None or name not in frame or name in ("latitude", "longitude"):
            continue
        if str(frame[name].dtype).startswith("datetime"):
            limits = tuple(pd.Timestamp(limit) for limit in limits)
        outside = ~frame[name].between(*limits) & frame[name].notna()
        if contract.severity_of(name) == "error":
            errors[f"range.{name}"] = outside
        else:
            warnings[f"range.{name}"] = outside
            frame.loc[outside.fillna(False), name] = None
    told = []
    for broken in (errors, warnings):
        table = frame[[]].assign(**{name: ~mask.fillna(False) for name, mask in broken.items()})
        schema = pa.DataFrameSchema({name: pa.Column("bool", pa.Check.eq(True)) for name in broken})
        try:
            schema.validate(table.astype("bool"), lazy=True)
            cases = frame.index[:0].to_series().astype("str")
        except pa.errors.SchemaErrors as error:
            cases = error.failure_cases.set_index("index")["column"].sort_index()
        told.append(cases)
    return told[0], told[1]


def verdicts(f: pd.DataFrame) -> tuple[dict[str, Any], dict[str, Any]]:
    """Masks of rows that break a rule: (errors, warnings), the rules of the package in pandas."""
    import numpy as np
    import pandas as pd

    day, changed = pd.Timedelta(days=1), f["modification_timestamp"].dt.normalize()
    lease, land = f["property_type"].eq("Residential Lease"), f["property_type"].eq("Land")
    ratio = f["close_price"] / f["list_price"]
    first = f["original_list_price"] / f["list_price"].fillna(f["close_price"])
    by_list = f["_list_price_per_sqft"] * f["living_area"]
    by_close = f["_close_price_per_sqft"] * f["living_area"]

    def off(x: pd.Series, factor: float) -> pd.Series:
        return (x >= factor) | (x <= 1 / factor)

    def near(x: pd.Series, factor: float) -> pd.Series:
        return x.between(1 / factor, factor)

    backed = near(f["list_price"] / by_list, 1.5) | near(ratio, 2.5)
    belied = off(f["list_price"] / by_list, 3.0) | off(ratio, 3.0)
    lot = f["lot_size_square_feet"]
    acres = lot / 43_560
    swapped = (
        ((f["living_area"] / 43_560 - f["_acres"]).abs() <= 0.0011)
        & off(acres / f["_acres"], 1.2)
    ) | (
        off(by_list / f["list_price"], 1.5)
        & near(f["_list_price_per_sqft"] * lot / f["list_price"], 1.05)
    )  # fmt: skip
    rent = f["close_price"].between(1_000, 15_000) & ~ratio.between(0.2, 5.0)
    errors = {
        "key.missing": f["listing_key"].isna(),
        "date.known_at_missing": f["known_at"].isna(),
        "date.close_before_list": f["close_date"] < f["listing_contract_date"],
        "date.close_in_future": f["close_date"] > changed + day,
        "date.list_in_future": f["listing_contract_date"] > changed + 31 * day,
        "date.unreadable": f["unread close_date"]
        | f["unread listing_contract_date"]
        | f["unread modification_timestamp"],
        "price.unreadable": f["unread close_price"] | f["unread list_price"],
        "price.token": ((f["close_price"] < 1_000) | (f["list_price"] < 1_000)) & ~lease,
        "price.rent": (rent | f["list_price"].between(1_000, 10_000)) & ~lease & ~land,
        "price.close_to_list": off(ratio, 3.0) & ~lease,
        "price.close_to_area": off(f["close_price"] / by_close, 3.0) & ~near(ratio, 2.0),
        "price.list_to_original": off(first, 3.0) & belied & ~backed,
        "area.unreadable": f["unread living_area"],
        "area.not_positive": f["living_area"] <= 0,
        "area.swapped_with_lot": swapped,
    }
    # The market: price per square foot against the area's median.
    price = f["close_price"].fillna(f["list_price"])
    judged = (f["living_area"] > 0) & (price > 0) & ~lease & ~land
    level = np.log((price / f["living_area"]).where(judged))
    area = f["mls_area_minor"].fillna(f["mls_area_major"]).fillna(f["postal_code"])
    middle = level.groupby(area).transform("median")
    distance = (level - middle).abs()
    sd = (1.4826 * distance.groupby(area).transform("median")).clip(lower=0.15)
    errors["price.per_area"] = (distance > 6 * sd) & (distance > np.log(5))
    late = f["modification_timestamp"].quantile(0.99) + 366 * day
    errors["date.changed_far_ahead"] = f["modification_timestamp"] > late
    # Rows that contradict each other.
    known = f[["listing_key", "known_at", "list_price", "close_price"]]
    told = known.drop_duplicates()
    twice = told.loc[told.duplicated(["listing_key", "known_at"], keep=False)]
    both = pd.MultiIndex.from_frame(twice[["listing_key", "known_at"]].drop_duplicates())
    named = pd.MultiIndex.from_frame(known[["listing_key", "known_at"]])
    errors["key.two_prices"] = pd.Series(named.isin(both), index=f.index) & f["listing_key"].notna()
    sale = ["close_date", "close_price", "living_area", "unparsed_address", "unit_number"]
    sold = f.loc[f["close_date"].notna() & f["close_price"].notna()]
    keys = sold.groupby(sale, dropna=False)["listing_key"].transform("nunique")
    seen = changed.fillna(f["close_date"]).fillna(f["listing_contract_date"]).dt.year
    middles = f[["latitude", "longitude"]].median()
    reach = (f[["latitude", "longitude"]] - middles).abs()
    spread = f[["latitude", "longitude"]].quantile(0.75) - f[["latitude", "longitude"]].quantile(
        0.25
    )
    far = (reach > (6 * spread).clip(lower=1.5)).any(axis=1)
    warnings = {
        "date.close_missing": f["standard_status"].eq("Closed") & f["close_date"].isna(),
        "price.missing": f["standard_status"].eq("Closed") & f["close_price"].isna(),
        "price.original_to_list": off(first, 3.0) & (backed | ~belied),
        "area.missing": f["living_area"].isna() & ~land,
        "scope.not_a_home": f["property_type"].isin(
            ["Land", "Residential Lease", "Residential Income", "Commercial Sale"]
        ),
        "status.price_while_open": f["standard_status"].isin(
            ["Active", "Active Under Contract", "Pending", "Coming Soon"]
        )
        & f["close_price"].notna(),
        "year.in_future": f["year_built"] > seen + 3,
        "beds.too_many": (f["bedrooms_total"] >= 8)
        & (f["living_area"] / f["bedrooms_total"] < 120),
        "geo.far": far,
        "key.other_key": (keys > 1).reindex(f.index, fill_value=False),
        "status.unknown": f["unread standard_status"],
        "type.unknown": f["unread property_type"],
        "zip.malformed": f["unread postal_code"],
    }
    f.loc[far, ["latitude", "longitude"]] = None
    return errors, warnings


def repeated(accepted: pd.DataFrame) -> Any:
    """Rows that say what the version of their listing before them said."""
    ordered = accepted.sort_values(["listing_key", "known_at"], kind="stable")
    before = ordered[["listing_key", "row_hash"]].shift()
    same = (ordered["listing_key"] == before["listing_key"]) & (
        ordered["row_hash"] == before["row_hash"]
    )
    return ordered.index[same]


if __name__ == "__main__":
    tell(pipeline, *sys.argv[1:])
