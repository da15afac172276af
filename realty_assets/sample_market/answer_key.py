"""The answer key: what is true of every listing. For tests and benchmarks; no asset reads it."""

import numpy as np
import polars as pl

from realty_assets.sample_market import constants as k
from realty_assets.sample_market.market import Market
from realty_assets.sample_market.timeline import States

FILES = ("truth.parquet", "faults.parquet", "photos.parquet")


def build_truth(
    market: Market, states: States, tokens: list[int], n_photos: np.ndarray
) -> pl.DataFrame:
    """One row per listing (MLS number), in the order of the keys.

    The parts location + edge + structure + condition + index + season add up to log_value, and a
    clean arm's-length sale fetches exp(log_value + sale_noise), rounded to 100 dollars.
    """
    li, homes = market.listings, market.homes
    n = len(li.home)
    last = np.r_[states.listing[1:] != states.listing[:-1], True]
    # Every listing has a state: it goes live or is announced inside the window, or the window
    # ends before it does.
    status = np.full(n, -1)
    status[states.listing[last]] = states.status[last]
    closed = status == k.SOLD
    start = np.datetime64(k.START.isoformat())
    days = {
        "listing_contract_date": li.list_day,
        "contract_date": np.where(li.contract_day >= 0, li.contract_day, 0),
        "end_date": li.end_day,
    }
    dates = {name: pl.Series((start + day).astype("datetime64[D]")) for name, day in days.items()}
    arms_length = li.arms_length.copy()
    arms_length[tokens] = False
    key = pl.Series(market.mls_number).cast(pl.String)
    before = pl.Series(np.where(li.previous >= 0, li.previous, 0).astype(np.uint32))
    visit = np.zeros(n, dtype=np.int64)
    order = np.argsort(li.home, kind="stable")
    same_home = np.r_[False, li.home[order][1:] == li.home[order][:-1]]
    for i in np.flatnonzero(same_home):  # a few hundred: homes listed more than once
        visit[order[i]] = visit[order[i - 1]] + 1
    home_key = pl.Series(li.home).cast(pl.String).str.zfill(6)
    frame = pl.DataFrame(
        {
            "listing_key": key,
            "property_id": home_key,
            "listing_of_home": visit + 1,
            "follows_listing_key": key.gather(before),
            "follows": li.previous >= 0,
            "is_relist": li.is_relist,
            "is_flip": li.is_flip,
            "is_repeat_sale": (li.previous >= 0) & ~li.is_relist,
            "last_status": pl.Series([*k.STATUSES, None], dtype=pl.String).gather(
                pl.Series(np.where(status >= 0, status, len(k.STATUSES)).astype(np.uint32))
            ),
            "is_closed": closed,
            "arms_length": arms_length,
            **dates,
            "has_contract": li.contract_day >= 0,
            "latitude": homes.sites.latitude[li.home],
            "longitude": homes.sites.longitude[li.home],
            "subdivision": homes.sites.subdivision[li.home],
            "district": homes.sites.district[li.home],
            "living_area": homes.living_area[li.home],
            "location": market.location,
            "edge": market.edge,
            "structure": market.structure,
            "condition": li.condition,
            "index": market.index,
            "season": market.season,
            "log_value": market.log_value,
            "sale_noise": li.sale_noise,
            "list_noise": li.list_noise,
            "original_list_price": market.list_prices[:, 0],
            "last_list_price": market.list_prices[np.arange(n), li.n_cuts],
            "close_price": market.close_price,
            "n_photos": pl.Series(n_photos),
        }
    )
    return frame.with_columns(
        pl.when("follows").then("follows_listing_key").alias("follows_listing_key"),
        pl.when(pl.col("has_contract")).then("contract_date").alias("contract_date"),
        pl.when("is_closed").then("end_date").alias("close_date"),
        pl.when("is_closed").then("close_price").alias("close_price"),
    ).drop("follows", "has_contract", "end_date")


def irreducible_off_market_mdape(truth: pl.DataFrame) -> float:
    """Median |exp(sale noise + condition) - 1| over closed arm's-length sales, a share.

    What a model that knew everything but condition and the sale's own noise would still miss.
    Give it the sales that the model was scored on.
    """
    sales = truth.filter("is_closed", "arms_length")
    unseen = (sales["sale_noise"] + sales["condition"]).to_numpy()
    return float(np.median(np.abs(np.expm1(unseen))))


def clean_sales(truth: pl.DataFrame, faults: pl.DataFrame) -> pl.DataFrame:
    """The closed arms-length sales of truth on whose listing no row fault was planted."""
    marred = faults.filter(pl.col("scope") == "row", ~pl.col("legal"))["listing_key"].drop_nulls()
    closed = truth.filter("is_closed", "arms_length")
    return closed.filter(~pl.col("listing_key").is_in(marred.unique().to_list()))
