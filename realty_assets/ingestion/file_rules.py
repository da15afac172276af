"""Rules that need a whole file: its market's prices and place, and rows that contradict each other.

They see one narrow frame: a row per parsed record, with the columns in NARROW. `accepted` is true
for rows that no earlier rule quarantines.
"""

from __future__ import annotations

import math
from datetime import date, timedelta

import polars as pl

from realty_assets.ingestion.contract import POLARS_TYPES

NARROW: dict[str, pl.DataType] = {
    "record_number": pl.Int64(),
    "line_number": pl.Int64(),
    "accepted": pl.Boolean(),
    "row_hash": pl.String(),
    **{
        name: POLARS_TYPES[name]
        for name in (
            "listing_key",
            "known_at",
            "standard_status",
            "property_type",
            "list_price",
            "close_price",
            "close_date",
            "modification_timestamp",
            "living_area",
            "latitude",
            "longitude",
            "unparsed_address",
            "unit_number",
            "mls_area_minor",
            "mls_area_major",
            "postal_code",
        )
    },
}
# Medians of fewer rows say little.
MIN_ROWS = 30
# A price per area is out of keeping when it is this far from its area's median, in robust standard
# deviations and as a factor; a sale between relatives at half the value stays within both.
PER_AREA_SDS, PER_AREA_FACTOR, PER_AREA_LEAST_SD = 6.0, 5.0, 0.15
# Coordinates are far when they are further than this from the median home of the file.
FAR_DEGREES, FAR_IQRS = 1.5, 6.0

Found = list[tuple[str, pl.Series]]


def judge_file(
    rows: pl.DataFrame, market_box: tuple[float, float, float, float] | None
) -> tuple[Found, Found]:
    """(rule id, record numbers): first what judges a row by the market, then rows by each other.

    Rows that the first part quarantines take no part in the second.
    """
    by_market = [*price_per_area(rows), *place(rows, market_box), *far_ahead(rows)]
    errors = {"price.per_area", "date.close_far_ahead", "date.changed_far_ahead"}
    out = [numbers for rule_id, numbers in by_market if rule_id in errors]
    left = rows.filter(pl.col("accepted"))
    if out:
        left = left.filter(~pl.col("record_number").is_in(pl.concat(out).implode()))
    two = two_prices(left)
    if two:
        left = left.filter(~pl.col("record_number").is_in(two[0][1].implode()))
    return by_market, [*two, *other_key(left)]


def price_per_area(rows: pl.DataFrame) -> Found:
    """Rows whose price per square foot lies far from the median of their area."""
    judged = rows.filter(
        pl.col("living_area") > 0,
        pl.coalesce("close_price", "list_price") > 0,
        ~pl.col("property_type").is_in(["Residential Lease", "Land"]).fill_null(False),
    ).select(
        "record_number",
        area=pl.coalesce("mls_area_minor", "mls_area_major", "postal_code"),
        level=(pl.coalesce("close_price", "list_price") / pl.col("living_area")).log(),
    )
    if judged.height < MIN_ROWS:
        return []
    whole = _centre(judged, []).row(0, named=True)
    areas = _centre(judged.drop_nulls("area"), ["area"]).filter(pl.col("n") >= MIN_ROWS)
    off = judged.join(areas, on="area", how="left").select(
        "record_number",
        distance=(pl.col("level") - pl.col("middle").fill_null(whole["middle"])).abs(),
        sd=pl.col("sd").fill_null(whole["sd"]),
    )
    numbers = off.filter(
        pl.col("distance") > PER_AREA_SDS * pl.col("sd"),
        pl.col("distance") > math.log(PER_AREA_FACTOR),
    )["record_number"]
    return _told("price.per_area", numbers)


def _centre(judged: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Median and robust standard deviation of `level`, by group or of all rows."""
    middle = pl.col("level").median()
    sd = (1.4826 * (pl.col("level") - middle).abs().median()).clip(PER_AREA_LEAST_SD)
    stats = [pl.len().alias("n"), middle.alias("middle"), sd.alias("sd")]
    return judged.group_by(by).agg(stats) if by else judged.select(stats)


def place(rows: pl.DataFrame, market_box: tuple[float, float, float, float] | None) -> Found:
    """Rows whose coordinates lie far from the market, apart from those that are only swapped."""
    located = rows.select("record_number", "latitude", "longitude").drop_nulls()
    if not located.height:
        return []
    boxes = [(-90.0, 90.0, -180.0, 180.0)]
    if market_box is not None:
        boxes.append(market_box)
    if located.height >= MIN_ROWS:
        boxes.append((*_reach(located["latitude"]), *_reach(located["longitude"])))
    south, west = max(box[0] for box in boxes), max(box[2] for box in boxes)
    north, east = min(box[1] for box in boxes), min(box[3] for box in boxes)

    def inside(latitude: str, longitude: str) -> pl.Expr:
        return pl.col(latitude).is_between(south, north) & pl.col(longitude).is_between(west, east)

    outside = located.filter(~inside("latitude", "longitude"))
    swapped = outside.filter(inside("longitude", "latitude"))["record_number"]
    far = outside.filter(~inside("longitude", "latitude"))["record_number"]
    return [*_told("geo.swapped", swapped), *_told("geo.far", far)]


def _reach(degrees: pl.Series) -> tuple[float, float]:
    low, middle, high = (float(degrees.quantile(q) or 0.0) for q in (0.25, 0.5, 0.75))
    reach = max(FAR_DEGREES, FAR_IQRS * (high - low))
    return middle - reach, middle + reach


def far_ahead(rows: pl.DataFrame) -> Found:
    """Rows that lie a year past the rest of the file: one such row would move the home's today.

    By the time of change, or by the close date where there is none.
    """
    untimed = rows.filter(pl.col("modification_timestamp").is_null())
    return [
        *_told("date.close_far_ahead", _beyond(untimed, rows["close_date"])),
        *_told("date.changed_far_ahead", _beyond(rows, rows["modification_timestamp"])),
    ]


def _beyond(rows: pl.DataFrame, times: pl.Series) -> pl.Series:
    """Record numbers of `rows` whose time lies a year past nearly all of `times`."""
    known = times.drop_nulls().sort()
    if known.len() < MIN_ROWS:
        return rows.head(0)["record_number"]
    latest = known[int(0.99 * (known.len() - 1))]
    assert isinstance(latest, date)
    return rows.filter(pl.col(times.name) > latest + timedelta(days=366))["record_number"]


def two_prices(rows: pl.DataFrame) -> Found:
    """Rows of one key and one time of change that tell different prices."""
    prices = ["list_price", "close_price"]
    repeated = rows.filter(pl.col("listing_key").is_duplicated()).select(
        "record_number", "listing_key", "known_at", *prices
    )
    told = repeated.select("listing_key", "known_at", *prices).unique()
    several = told.group_by("listing_key", "known_at").len().filter(pl.col("len") > 1)
    numbers = repeated.join(several, on=["listing_key", "known_at"], how="semi")["record_number"]
    return _told("key.two_prices", numbers)


def other_key(rows: pl.DataFrame) -> Found:
    """Sales that stand in the file under several keys: same home, day and price."""
    sold = rows.filter(
        pl.col("close_date").is_not_null(),
        pl.col("close_price").is_not_null(),
        pl.col("unparsed_address").is_not_null(),
    )
    # Numbers first: comparing the addresses of all rows would cost more than all else here.
    alike = sold.filter(pl.struct("close_date", "close_price", "living_area").is_duplicated())
    by = ["close_date", "close_price", "living_area", "address", "unit_number"]
    alike = alike.select(
        "record_number",
        "listing_key",
        "close_date",
        "close_price",
        "living_area",
        "unit_number",
        address=pl.col("unparsed_address").str.to_lowercase().str.replace_all(r"\s+", " "),
    )
    several = (
        alike.group_by(by)
        .agg(pl.col("listing_key").n_unique().alias("keys"))
        .filter(pl.col("keys") > 1)
    )
    numbers = alike.join(several, on=by, how="semi", nulls_equal=True)["record_number"]
    return _told("key.other_key", numbers)


def _told(rule_id: str, numbers: pl.Series) -> Found:
    return [(rule_id, numbers.sort())] if numbers.len() else []
