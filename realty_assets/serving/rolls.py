"""An assessment roll met with sales: which row is which home, and what that home sold for.

Every row of the roll ends in exactly one status; the counts add up to the rows of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl

from realty_assets.evaluation.splits import next_month
from realty_assets.features.sales import day_numbers, effective_known_at, epoch_day
from realty_assets.modeling.judging.index_table import IndexTable
from realty_assets.modeling.judging.past import area_name

MATCHED = "matched"
NO_SALE = "no sale in the window"
EXCLUDED = "sale is no fair measure of the market"
UNMATCHED = "no such home"
NO_KEY = "refused: no key"
NO_VALUE = "refused: the value is not a positive number"
TWICE = "refused: the key stands more than once"
AMBIGUOUS = "refused: the key fits several homes"
STATUSES = (MATCHED, NO_SALE, EXCLUDED, UNMATCHED, NO_KEY, NO_VALUE, TWICE, AMBIGUOUS)


def plain_code(column: str) -> pl.Expr:
    """A parcel number or key without its punctuation, case and leading zeros, which spreadsheets
    lose."""
    bare = pl.col(column).cast(pl.String).str.to_uppercase().str.replace_all(r"[^A-Z0-9]+", "")
    stripped = bare.str.strip_chars_start("0")
    return pl.when(stripped != "").then(stripped)


def plain_address(column: str) -> pl.Expr:
    """An address in capitals, with single spaces for all punctuation."""
    spaced = pl.col(column).cast(pl.String).str.to_uppercase().str.replace_all(r"[^A-Z0-9]+", " ")
    trimmed = spaced.str.strip_chars()
    return pl.when(trimmed != "").then(trimmed)


def key_books(
    properties: pl.DataFrame, sales: pl.DataFrame
) -> dict[str, tuple[pl.DataFrame, bool]]:
    """What homes may be called, by kind of key: (plain key, property_key) pairs, and whether it is
    an address."""
    address = pl.concat_str(
        pl.col("unparsed_address"), pl.col("unit_number"), separator=" ", ignore_nulls=True
    )
    homes = properties.with_columns(address=address, plain=pl.col("unparsed_address"))
    books = {
        "parcel_number": (homes.select(plain_code("parcel_number"), "property_key"), False),
        "property_key": (
            homes.select(plain_code("property_key").alias("key"), "property_key"),
            False,
        ),
        "listing_key": (sales.select(plain_code("listing_key"), "property_key"), False),
        "address": (
            pl.concat(
                [
                    homes.select(plain_address(name).alias("address"), "property_key")
                    for name in ("address", "plain")
                ]
            ),
            True,
        ),
    }
    return {
        kind: (frame.rename({frame.columns[0]: "key"}).drop_nulls().unique(), is_address)
        for kind, (frame, is_address) in books.items()
    }


def identify(
    roll: pl.DataFrame, properties: pl.DataFrame, sales: pl.DataFrame
) -> tuple[pl.DataFrame, str]:
    """(roll with property_key and status, kind of key that fits the most rows).

    `roll` holds row_number, key (text) and value (float, null where it is none). Rows that name a
    home keep a null status; see STATUSES for the others.
    """
    best, best_kind = roll.with_columns(property_key=pl.lit(None, pl.String)), "parcel_number"
    most = -1
    for kind, (book, is_address) in key_books(properties, sales).items():
        plain = plain_address("key") if is_address else plain_code("key")
        homes = book.group_by("key").agg(
            pl.col("property_key").min(), n_homes=pl.col("property_key").n_unique()
        )
        found = roll.with_columns(plain=plain).join(
            homes, left_on="plain", right_on="key", how="left", maintain_order="left"
        )
        n = found["property_key"].count()
        if n > most:
            best, best_kind, most = found, kind, n
    told = best.with_columns(n_rows=pl.len().over("plain"))
    # A home that two rows name, whatever they call it, has two values: neither is the value.
    per_home = pl.len().over("property_key")
    status = (
        pl.when(pl.col("plain").is_null())
        .then(pl.lit(NO_KEY))
        .when(~(pl.col("value").is_finite() & (pl.col("value") > 0)).fill_null(False))
        .then(pl.lit(NO_VALUE))
        .when((pl.col("n_rows") > 1) | (pl.col("property_key").is_not_null() & (per_home > 1)))
        .then(pl.lit(TWICE))
        .when(pl.col("property_key").is_null())
        .then(pl.lit(UNMATCHED))
        .when(pl.col("n_homes") > 1)
        .then(pl.lit(AMBIGUOUS))
    )
    return told.select("row_number", "key", "value", "property_key", status=status), best_kind


def sales_for(
    sales: pl.DataFrame,
    index: pl.DataFrame,
    as_of: date,
    months: int,
    neighbourhood: str | None = None,
) -> pl.DataFrame:
    """The latest sale of each home that closed in the `months` months before `as_of` and was known
    then: property_key, listing_key, close_date, close_price, adjusted_price, class, neighbourhood,
    excluded_by.

    Prices are moved from the close to `as_of` by the newest vintage of the market index that was
    known then. A valid sale goes before an excluded one. `neighbourhood` names a column; without it
    the postal code, or what stands in for it.
    """
    first = window_start(as_of, months)
    known = effective_known_at() <= datetime.combine(as_of, time())
    inside = sales.filter((pl.col("close_date") >= first) & (pl.col("close_date") < as_of) & known)
    area = inside[neighbourhood].cast(pl.String) if neighbourhood else area_name(inside)
    kind = next(
        (
            name
            for name in ("property_sub_type", "property_type")
            if name in inside.columns and inside[name].null_count() < len(inside)
        ),
        None,
    )
    table = IndexTable(index)
    day = epoch_day(as_of)
    close = day_numbers(inside["close_date"])
    factor = np.exp(table.level(day, np.array([day])) - table.level(day, close))
    price = inside["close_price"].cast(pl.Float64)
    return (
        inside.with_columns(
            area.alias("neighbourhood"),
            (pl.col(kind).cast(pl.String) if kind else pl.lit(None, pl.String)).alias("class"),
            close_price=price,
            adjusted_price=price * pl.Series(factor),
        )
        .sort(
            pl.col("excluded_by").is_not_null(),
            pl.col("close_date").rank(descending=True),
            "listing_key",
        )
        .unique("property_key", keep="first", maintain_order=True)
        .select(
            *("property_key", "listing_key", "close_date", "close_price", "adjusted_price"),
            *("class", "neighbourhood", "excluded_by"),
        )
    )


def meet(identified: pl.DataFrame, sold: pl.DataFrame) -> pl.DataFrame:
    """Every row of the roll with its status, and where matched its sale; in the roll's order."""
    found = identified.join(sold, on="property_key", how="left", maintain_order="left")
    status = (
        pl.when(pl.col("status").is_not_null())
        .then(pl.col("status"))
        .when(pl.col("close_date").is_null())
        .then(pl.lit(NO_SALE))
        .when(pl.col("excluded_by").is_not_null())
        .then(pl.lit(EXCLUDED))
        .otherwise(pl.lit(MATCHED))
    )
    met = found.with_columns(status=status)
    ratio = pl.when(pl.col("status") == MATCHED).then(pl.col("value") / pl.col("adjusted_price"))
    return met.with_columns(ratio=ratio)


def account(met: pl.DataFrame) -> Mapping[str, int]:
    """Rows by status, all statuses named; they add up to the rows of the roll."""
    counts = dict(met.group_by("status").len().iter_rows())
    return {status: int(counts.get(status, 0)) for status in STATUSES}


def window_start(as_of: date, months: int) -> date:
    """The same day `months` months earlier, or the last day of that month."""
    month = next_month(as_of, -months)
    last = (next_month(month) - month).days
    return month.replace(day=min(as_of.day, last))


def day_of(number: int) -> date:
    """The date of a day counted from 1970-01-01."""
    return date(1970, 1, 1) + timedelta(days=number)
