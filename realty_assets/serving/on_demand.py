"""Values on demand: every row of a request once, valued or with the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.features.matrix import build_matrix
from realty_assets.features.sales import Sales
from realty_assets.features.subjects import asked_subjects
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.serving.request_columns import Given, read_cells, understood
from realty_assets.serving.request_file import RequestFile
from realty_assets.serving.request_homes import (
    FAR_AWAY,
    asked_homes,
    far_away,
    lacking,
    words_known,
)
from realty_assets.serving.request_match import (
    Match,
    asked_addresses,
    asked_keys,
    house_numbers,
    known_homes,
    matched,
)
from realty_assets.serving.speaking import Speaker, Training, speaker
from realty_assets.serving.valuations import (
    ABSTAINS,
    NO_LIST_PRICE,
    VALUES,
    predict_all,
    why_no_value,
)
from realty_assets.serving.values import require_clean
from realty_assets.statements import sql
from realty_assets.today import market_today
from realty_assets.warehouse import Tx, Warehouse

NOT_ON_RECORD = "nothing was on record for it before the as_of day"
# What stands behind the columns of the request in the answer; what else the model says follows
# VALUES.
BEHIND = (
    *["reason", "matched_by", "matched_property_key", "matched_listing_key", "overrides", "note"],
    *["as_of", "track", "model_version"],
)


class NotThatDay(RealtyError):
    """The day asked for lies after the home's today."""


@dataclass(frozen=True)
class Answer:
    """`frame`: VALUES (usd), what else the model says, and BEHIND; one row per row of the request,
    in its order. `read_as`: the headings that were understood, and as which column."""

    frame: pl.DataFrame
    read_as: dict[str, str]
    speaker: Speaker
    as_of: date
    track: str


def value_request(
    warehouse: Warehouse,
    request: RequestFile,
    training: Training,
    as_of: date | None = None,
    track: str = OFF_MARKET,
) -> Answer:
    """Values the homes of a request as of a day (default: the home's today).

    What a row gets depends on nothing else in the file. Raises NotThatDay, NoChampion,
    NoModelOfThatDay or WarehouseMissing.
    """
    require_clean(warehouse)
    today = market_today(warehouse)
    day = today if as_of is None else as_of
    if day > today:
        raise NotThatDay(
            f"--as-of {day} lies after {today}, the day that this home has reached: ingest what "
            "came since, or give an earlier day."
        )
    speaks = speaker(warehouse, day, training, track)
    columns = understood(request.headings, track)
    faults = [fault is not None for fault in request.faults]
    given = read_cells(request.headings, request.rows, columns, faults)
    # In one transaction: sales, homes and records of one and the same state.
    with warehouse.transaction() as tx:
        sales = tx.read(sql("serving/sales_known.sql").bind(as_of=day))
        given = words_known(given, sales)
        matches = _matches(tx, given, request.faults)
        homes = asked_homes(given, matches, *_records(tx, matches, day), day, track)
    subjects = asked_subjects(homes, day, track)
    wanted = homes["reason"].is_null()
    matrix = build_matrix(
        subjects.filter(wanted),
        Sales(sales, track),
        training.features,
        n_threads=training.n_threads,
        track=track,
    )
    frame = _valued(homes, wanted, matrix, speaks)
    frame = frame.with_columns(
        as_of=pl.lit(day),
        track=pl.lit(track),
        model_version=pl.lit(speaks.valuer.model_version),
    )
    others = [name for name in frame.columns if name not in (*VALUES, *BEHIND)]
    return Answer(frame.select(*VALUES, *others, *BEHIND), columns, speaks, day, track)


def _matches(tx: Tx, given: Given, faults: tuple[str | None, ...]) -> list[Match]:
    addresses = asked_addresses(given.frame)
    known = known_homes(
        tx.read(sql("serving/known_keys.sql").bind(**asked_keys(given.frame))),
        tx.read(sql("serving/addresses.sql").bind(numbers=house_numbers(addresses))),
    )
    found = matched(given.frame, addresses, known, lacking)
    return [
        one if fault is None else Match(None, reason=fault)
        for one, fault in zip(found, faults, strict=True)
    ]


def _records(tx: Tx, matches: list[Match], day: date) -> tuple[list[dict], list[dict]]:
    """(versions of the listings, versions of the homes) that are meant, as known before `day`."""
    start = datetime.combine(day, time())
    listings = sorted({one.listing_key for one in matches if one.listing_key is not None})
    homes = sorted({one.property_key for one in matches if one.property_key is not None})
    records = sql("serving/records_known.sql").bind(as_of=start)
    of_listings = tx.read(records.bind(keys=listings, by_home=False))
    of_homes = tx.read(records.bind(keys=homes, by_home=True))
    return of_listings.to_dicts(), of_homes.to_dicts()


def _valued(
    homes: pl.DataFrame, wanted: pl.Series, matrix: pl.DataFrame, speaks: Speaker
) -> pl.DataFrame:
    """`homes` with values where the model may speak, and reasons elsewhere.

    `matrix`: a row for each home that is `wanted`, in their order.
    """
    at = wanted.arg_true()
    seen = pl.DataFrame(
        {"_row": at, "_market": matrix["hedonic_log_value"], "_far": far_away(matrix)}
    )
    told = (
        homes.with_row_index("_row")
        .join(seen.with_columns(_there=pl.lit(1)), on="_row", how="left")
        .sort("_row")
        .with_columns(_why=why_no_value(speaks.valuer.track))
    )
    nothing = ~pl.col("on_record") & pl.col("living_area").is_null()
    far = pl.col("own_place") & pl.col("_far").fill_null(False)
    told = told.with_columns(
        reason=pl.coalesce(
            "reason",
            pl.when(nothing).then(pl.lit(NOT_ON_RECORD)),
            pl.when(pl.col("_why") == NO_LIST_PRICE).then("unpriced"),
            "_why",
            pl.when(far).then(pl.lit(FAR_AWAY)),
        )
    )
    speaking = told["reason"].is_null()
    caution = pl.when(speaking).then(pl.lit(speaks.caution, dtype=pl.String))
    told = told.with_columns(note=pl.concat_str("note", caution, separator="; ", ignore_nulls=True))
    told = told.with_columns(note=pl.when(pl.col("note") != "").then("note"))
    values = predict_all(speaks.valuer, matrix.filter(speaking.gather(at)))
    values = values.with_columns(_row=speaking.arg_true().cast(pl.UInt32))
    said = [name for name in values.columns if name not in ("_row", ABSTAINS)]
    return (
        told.join(values, on="_row", how="left", suffix="_of_model")
        .sort("_row")
        .select(
            *said,
            pl.coalesce("reason", ABSTAINS).alias("reason"),
            "matched_by",
            "overrides",
            "note",
            matched_property_key="property_key",
            matched_listing_key="listing_key",
        )
    )
