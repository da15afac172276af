"""States as HAR writes them: 68 text cells a row, in the habits of the real export.

Prices "$440,200", dates "7/30/2021 12:00:00 AM", the change timestamp in local time, DOM "127*"
after a re-list, subdivisions in capitals for about half the agents, empty cells for what an agent
left out.
"""

from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from realty_assets.sample_market import constants as k
from realty_assets.sample_market.homes import street_names
from realty_assets.sample_market.market import Market
from realty_assets.sample_market.place import AREAS, DISTRICTS, PER_AREA, SUBDIVISIONS
from realty_assets.sample_market.timeline import States
from realty_assets.sample_market.vocabulary import (
    ACCENTED,
    COUNTIES,
    FAMILY_REMARK,
    HEADINGS,
    MONEY,
    REMARKS,
    STORIES,
    STYLES,
)


def money(column: str) -> pl.Expr:
    """Whole dollars as "$1,234,567"; null stays null."""
    c = pl.col(column).cast(pl.Int64)
    millions, thousands = c // 1_000_000, c // 1000 % 1000
    units = (c % 1000).cast(pl.String)
    return (
        pl.when(c.is_null())
        .then(pl.lit(None, dtype=pl.String))
        .when(c >= 1_000_000)
        .then(
            pl.concat_str(
                pl.lit("$"), millions.cast(pl.String), pl.lit(","),
                thousands.cast(pl.String).str.zfill(3), pl.lit(","), units.str.zfill(3),
            )
        )
        .when(c >= 1000)
        .then(
            pl.concat_str(
                pl.lit("$"), thousands.cast(pl.String), pl.lit(","), units.str.zfill(3)
            )
        )
        .otherwise(pl.concat_str(pl.lit("$"), units))
        .alias(column)
    )  # fmt: skip


def _pick(words: tuple[str, ...] | list[str], index: NDArray[np.integer]) -> pl.Series:
    return pl.Series(list(words), dtype=pl.String).gather(pl.Series(index.astype(np.uint32)))


def _dollars_per_foot(price: str) -> pl.Expr:
    """Two decimals with the sign; made of whole cents, for float text differs by version."""
    cents = (pl.col(price) * 100 / pl.col("Building SqFt")).round(0).cast(pl.Int64)
    return pl.concat_str(
        pl.lit("$"),
        (cents // 100).cast(pl.String),
        pl.lit("."),
        (cents % 100).cast(pl.String).str.zfill(2),
    )


def _fixed(column: str, digits: int) -> pl.Expr:
    """A number with a fixed count of decimals, as text."""
    scale = 10**digits
    whole = (pl.col(column).abs() * scale).round(0).cast(pl.Int64)
    sign = pl.when(pl.col(column) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    text = pl.concat_str(
        sign,
        (whole // scale).cast(pl.String),
        pl.lit("."),
        (whole % scale).cast(pl.String).str.zfill(digits),
    )
    return text.alias(column)


def _cumulative(market: Market) -> NDArray[np.int64]:
    """Days on market that a re-list carries over from the listing before it."""
    li = market.listings
    before = np.where(li.previous >= 0, li.previous, 0)
    off = np.where(li.outcome == k.SOLD, li.contract_day, li.end_day)
    shown = off - li.list_day - li.go_live
    return np.where(li.is_relist, shown[before], 0)


class Writer:
    """Writes states of one market as cells. Holds what does not change between the states."""

    def __init__(self, market: Market, states: States, seed: int, photo_count: pl.Series) -> None:
        """photo_count: one number per listing, for the Photo Count column."""
        self.market = market
        self.states = states
        h, li = market.homes, market.listings
        rng = np.random.default_rng([seed, 20])
        n_homes = len(h.lot)
        sub = h.sites.subdivision
        area = sub // PER_AREA
        streets = street_names(seed)
        direction = _pick(["", "E", "W"], rng.choice(3, n_homes, p=(0.6, 0.2, 0.2)))
        # A quarter of a subdivision's zip cells would be noise: one zip per pair of subdivisions.
        zips = [z for a in AREAS for z in (a[3][0], a[3][0], a[3][1], a[3][1])]
        garage = pl.Series(h.garage)
        fee = rng.choice([425, 550, 900, 1300], n_homes)
        has_fee = rng.random(n_homes) < 0.7
        tax_value = np.exp(h.structure + h.sites.smooth + h.sites.edge + k.BASE_LOG_PRICE - 0.1)
        rate = rng.choice([218, 247, 269, 295, 311], n_homes)
        tax = np.round(tax_value * np.exp(rng.normal(0, 0.12, n_homes)) * rate / 10_000)
        self.homes = pl.DataFrame(
            {
                "Property Type": _pick(["Single-Family", "Townhouse/Condo"], h.townhouse * 1),
                "number": pl.Series(h.street_number),
                "Street Dir Prefix": direction,
                "Street Name": _pick([s[0] for s in streets], h.street),
                "Street Suffix": _pick([s[1] for s in streets], h.street),
                "Unit Number": _pick(["", *"ABCDEF"], h.unit),
                "City/Location": _pick([a[2] for a in AREAS], area),
                "County": _pick([COUNTIES.get(a[2], "Harris") for a in AREAS], area),
                "Zip Code": _pick(zips, sub),
                "Subdivision": _pick(SUBDIVISIONS, sub),
                "Master Planned Community": _pick(["No", "Yes"], (sub % 3 == 1) * 1),
                "Area": _pick([a[0] for a in AREAS], area),
                "Market Area": _pick([a[1] for a in AREAS], area),
                "Latitude": h.sites.latitude,
                "Longitude": h.sites.longitude,
                "Building SqFt": h.living_area,
                "Lot Size": h.lot,
                "no_lot": rng.random(n_homes) < 0.02,
                "Year Built": h.year_built,
                "Bedrooms": h.beds,
                "Baths Full": h.baths_full,
                "Baths Half": h.baths_half,
                "Stories": _pick(STORIES, np.searchsorted([1, 1.5, 2, 3], h.stories)),
                "no_stories": rng.random(n_homes) < 0.01,
                "Style": _pick(STYLES, rng.integers(0, len(STYLES), n_homes)),
                "Pool Private": _pick(["No", "Yes"], h.pool * 1),
                "garage": garage,
                "Builder Name": _pick(["", "Sample Homes"], (h.year_built >= 2018) * 1),
                "School District": _pick([d[0] for d in DISTRICTS], h.sites.district),
                "HOA Mandatory": _pick(["No", "Yes"], has_fee * 1),
                "Maint Fee Amt": pl.Series(np.where(has_fee, fee, -1)),
                "Tax Amount": pl.Series(tax.astype(np.int64)),
                "rate": pl.Series(rate / 100),
            }
        )  # fmt: skip
        n = len(li.home)
        rng = np.random.default_rng([seed, 21])
        picks = [_pick(REMARKS, rng.integers(0, len(REMARKS), n)) for _ in range(3)]
        accents = np.where(rng.random(n) < 0.05, rng.integers(1, 1 + len(ACCENTED), n), 0)
        remark = pl.DataFrame(
            {"a": picks[0], "b": picks[1], "c": picks[2], "d": _pick(["", *ACCENTED], accents)}
        ).select(
            pl.concat_str("a", "b", "c", "d", separator=" ").str.strip_chars_end(" ").alias("r")
        )["r"]
        family = pl.Series(~li.arms_length)
        n_agents = rng.integers(1, 60, n), rng.integers(1, 60, n)
        offices = rng.integers(1, 15, n), rng.integers(15, 30, n)
        self.listings = pl.DataFrame(
            {
                "home": li.home,
                "MLS Number": pl.Series(market.mls_number).cast(pl.String),
                "list_day": li.list_day,
                "capitals": rng.random(n) < 0.45,
                "star": li.is_relist,
                "carried": _cumulative(market),
                "agent": pl.Series(n_agents[0]),
                "seller_agent": pl.Series(n_agents[1]),
                "office": pl.Series(offices[0]),
                "selling_office": pl.Series(offices[1]),
                "Photo Count": photo_count,
                "Public Remarks": pl.select(
                    pl.when(family).then(pl.lit(FAMILY_REMARK)).otherwise(remark)
                ).to_series(),
            }
        )

    def cells(self, rows: NDArray[np.int64]) -> pl.DataFrame:
        """The states at `rows` as 68 text columns, null for an empty cell, in that order."""
        st, market = self.states, self.market
        listing = st.listing[rows]
        status = st.status[rows]
        sold = status == k.SOLD
        cuts = st.cuts[rows]
        take = pl.Series(listing.astype(np.uint32))
        li = self.listings.select(pl.all().gather(take))
        home = self.homes.select(pl.all().gather(li["home"].cast(pl.UInt32)))
        list_price = market.list_prices[listing, cuts]
        close = market.close_price[listing]
        start = datetime(k.START.year, k.START.month, k.START.day)  # noqa: DTZ001 local time
        typed = pl.concat(
            [
                li.drop("home"),
                home,
                pl.DataFrame(
                    {
                        "Status": _pick(k.STATUSES, status),
                        "List Price": list_price,
                        "Original List Price": market.list_prices[listing, 0],
                        "Current Price": np.where(sold, close, list_price),
                        "close": close,
                        "sold": sold,
                        "close_day": market.listings.end_day[listing],
                        "second": st.second[rows],
                        "since": st.since_live[rows],
                    }
                ),
            ],
            how="horizontal",
        )
        origin = pl.lit(start)
        midnight = "%-m/%-d/%Y 12:00:00 AM"
        lone = pl.col("Unit Number") == ""
        typed = typed.with_columns(
            pl.when("sold").then("close").alias("Close Price"),
            pl.when(pl.col("Maint Fee Amt") >= 0).then("Maint Fee Amt").alias("Maint Fee Amt"),
            (pl.col("Lot Size") / 43560).alias("acres"),
            pl.concat_str(
                pl.col("number").cast(pl.String),
                pl.when(pl.col("Street Dir Prefix") == "")
                .then(pl.lit(""))
                .otherwise(pl.concat_str(pl.lit(" "), "Street Dir Prefix")),
                pl.lit(" "),
                "Street Name",
                pl.lit(" "),
                "Street Suffix",
                pl.when(lone).then(pl.lit("")).otherwise(
                    pl.concat_str(pl.lit(" Unit#"), "Unit Number")
                ),
            ).alias("Address"),
        )  # fmt: skip
        made = typed.with_columns(
            *(money(c) for c in MONEY),
            (origin + pl.duration(days="list_day")).dt.strftime(midnight).alias("List Date"),
            pl.when("sold")
            .then((origin + pl.duration(days="close_day")).dt.strftime(midnight))
            .alias("Close Date"),
            (origin + pl.duration(seconds="second"))
            .dt.strftime("%-m/%-d/%Y %-I:%M:%S %p")
            .alias("Last Change Timestamp"),
            pl.concat_str(
                pl.col("since").cast(pl.String),
                pl.when("star").then(pl.lit("*")).otherwise(pl.lit("")),
            ).alias("DOM"),
            (pl.col("since") + pl.col("carried")).cast(pl.String).alias("CDOM"),
            pl.col("number").cast(pl.String).alias("Street Number"),
            pl.when("capitals")
            .then(pl.col("Subdivision").str.to_uppercase())
            .otherwise("Subdivision")
            .alias("Subdivision"),
            _fixed("Latitude", 6),
            _fixed("Longitude", 6),
            _dollars_per_foot("List Price").alias("Price Sq Ft List"),
            pl.when("sold").then(_dollars_per_foot("close")).alias("Price Sq Ft Sold"),
            pl.when(~pl.col("no_lot")).then(pl.col("Lot Size").cast(pl.String)).alias("Lot Size"),
            pl.when(~pl.col("no_lot")).then(_fixed("acres", 3)).alias("Acres"),
            pl.concat_str("Baths Full", pl.lit("."), "Baths Half").alias("Baths Total"),
            pl.when(~pl.col("no_stories")).then("Stories").alias("Stories"),
            pl.when(pl.col("garage") > 0)
            .then(pl.col("garage").cast(pl.String))
            .alias("No Of Garage Cap"),
            pl.lit("SAMPLE ELEMENTARY SCHOOL").alias("School Elementary"),
            pl.lit("SAMPLE JUNIOR HIGH SCHOOL").alias("School Middle"),
            pl.lit("SAMPLE HIGH SCHOOL").alias("School High"),
            pl.when(pl.col("Maint Fee Amt").is_not_null())
            .then(pl.lit("Annually"))
            .alias("Maint Fee Pay Schedule"),
            pl.lit("No").alias("Other Mandatory Fee"),
            pl.lit("No").alias("Fee Other"),
            pl.lit("Deed Restrictions").alias("Restrictions"),
            (origin + pl.duration(seconds="second")).dt.offset_by("-1y").dt.year()
            .cast(pl.String).alias("Tax Year"),
            _fixed("rate", 2).alias("Tax Rate"),
            pl.lit("Full Ownership").alias("Ownership"),
            pl.lit("Texas").alias("State Or Province"),
            pl.concat_str(
                pl.lit("Sample Agent "), pl.col("agent").cast(pl.String).str.zfill(2)
            ).alias("List Agent Full Name"),
            pl.concat_str(pl.lit("Sample Realty "), "office").alias("List Office Name"),
            pl.when("sold")
            .then(pl.concat_str(pl.lit("Sample Agent "),
                                (pl.col("seller_agent") + 60).cast(pl.String)))
            .alias("Selling Agent Full Name"),
            pl.when("sold")
            .then(pl.concat_str(pl.lit("Sample Realty "), "selling_office"))
            .alias("Selling Office Name"),
        )  # fmt: skip
        blank = pl.lit(None, dtype=pl.String)
        made = made.with_columns(blank.alias(c) for c in HEADINGS if c not in made.columns)
        made = made.select(pl.col(c).cast(pl.String) for c in HEADINGS)
        # An empty cell is null, so that it is written as nothing and not as "".
        may_be_empty = ("Street Dir Prefix", "Unit Number", "Builder Name")
        return made.with_columns(
            pl.when(pl.col(c) != "").then(pl.col(c)).alias(c) for c in may_be_empty
        )


def to_lines(cells: pl.DataFrame) -> list[str]:
    """Rows as CSV lines without line ends, quoted where needed. No cell may hold a line break."""
    text = cells.write_csv(include_header=False, line_terminator="\r\n")
    return text.split("\r\n")[:-1]
