"""What every table of the room is made of, in order; free of Dagster, so that tests can make them
on a database in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import polars as pl

from realty_assets.cleaning import addresses, copies, linking, pairs, sales
from realty_assets.statements import SqlFile, sql


class Reader(Protocol):
    """Whatever reads tables and statements: a warehouse, or one transaction of it."""

    def read(
        self, what: str | SqlFile, params: Mapping[str, Any] | None = None
    ) -> pl.DataFrame: ...


Step = Callable[[Reader], "pl.DataFrame | SqlFile"]


def _addresses(reader: Reader) -> pl.DataFrame:
    return addresses.parse_addresses(reader.read(sql("clean/address_texts.sql")))


def property_links(reader: Reader, n_threads: int = 1) -> pl.DataFrame:
    """clean.property_links, pairs scored on `n_threads`: the result is the same with any number."""
    records = reader.read(sql("clean/home_records.sql"))
    return linking.link(records, lambda told: pairs.score_pairs(told, n_threads))


def _sale_listings(reader: Reader) -> pl.DataFrame:
    return copies.sale_listings(reader.read(sql("clean/closings.sql")))


def _sales(reader: Reader) -> pl.DataFrame:
    return sales.judge(
        reader.read(sql("clean/closings.sql")),
        reader.read("clean.sale_listings"),
        reader.read(sql("clean/last_sale_decisions.sql")),
    )


STEPS: dict[str, Step] = {
    "addresses": _addresses,
    "property_links": property_links,
    "listing_versions": lambda _: sql("clean/listing_versions.sql"),
    "listings": lambda _: sql("clean/listings.sql"),
    "contracts": lambda _: sql("clean/contracts.sql"),
    "sale_listings": _sale_listings,
    "sales": _sales,
    "properties": lambda _: sql("clean/properties.sql"),
    "exclusions": lambda reader: sales.exclusions(reader.read("clean.sales")),
}
"""Table of the schema clean -> what it is made of, in an order in which they can be made."""
