"""Listings and sales: who lists when, what it fetches, and how each listing ends.

Pure simulation in arrays, one element per listing (an MLS number). timeline.py turns it into the
states that an export shows.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from realty_assets.sample_market import constants as k
from realty_assets.sample_market.homes import Homes, age_effect, build_homes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MAX_CUTS = 3


def month_starts(months: int) -> Ints:
    """Day number (0 = START) of the first of each month, months + 1 of them."""
    first = np.datetime64(k.START.isoformat(), "M")
    days = (first + np.arange(months + 1)).astype("datetime64[D]")
    return (days - np.datetime64(k.START.isoformat(), "D")).astype(np.int64)


def market_index(months: int) -> Floats:
    """Log level at the first of each month (months + 1 knots): a rise, a fall, a slow rise."""
    step = np.full(months, k.INDEX_RISE_PER_MONTH)
    turn = round(k.INDEX_TURN_AT * months)
    step[turn : turn + k.INDEX_TURN_MONTHS] = -k.INDEX_TURN_DROP / k.INDEX_TURN_MONTHS
    step[turn + k.INDEX_TURN_MONTHS :] = k.INDEX_AFTER_PER_MONTH
    return np.r_[0.0, np.cumsum(step)]


def season(day: Floats) -> Floats:
    """Log price of the time of year, day 0 = START (a first of January)."""
    return k.SEASON_AMPLITUDE * np.cos(2 * np.pi * (day - k.SEASON_PEAK_DAY) / 365.25)


@dataclass
class Listings:
    """One element per listing, ordered by list day. Days count from START."""

    home: Ints
    list_day: Ints
    list_second: Ints
    go_live: Ints
    """Days from list day to active (0 unless it came as Coming Soon)."""
    outcome: Ints
    """Status code where the listing is heading; the window may end before."""
    contract_day: Ints
    """Day of the contract; -1 where there is none."""
    end_day: Ints
    """Close day, or the day it left the market unsold."""
    option_days: Ints
    shows_on: Bools
    """Pending Continue to Show in place of Pending."""
    fell_through: Ints
    """Day of a first contract that fell through, -1 for none."""
    n_cuts: Ints
    cut_sizes: Floats
    condition: Floats
    sale_noise: Floats
    list_noise: Floats
    overprice: Floats
    arms_length: Bools
    family_share: Floats
    is_flip: Bools
    is_relist: Bools
    previous: Ints
    """Index of the listing this one follows (re-list, repeat sale, flip), -1 for none."""

    def take(self, index: Ints) -> "Listings":
        """The listings at `index`, in that order; `previous` is left as it is."""
        return Listings(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


@dataclass(frozen=True)
class Market:
    """Homes, listings and the parts of each listing's log value (arrays per listing)."""

    homes: Homes
    listings: Listings
    months: int
    mls_number: Ints
    location: Floats
    edge: Floats
    structure: Floats
    index: Floats
    season: Floats
    log_value: Floats
    list_prices: Ints
    """(n, MAX_CUTS + 1): list price after 0, 1, ... cuts."""
    close_price: Ints
    """What it sells for, also where the sale lies beyond the window."""

    @property
    def end(self) -> int:
        """Number of days in the window."""
        return int(month_starts(self.months)[-1])


def _campaign(rng: np.random.Generator, home: Ints, list_day: Ints, condition: Floats) -> Listings:
    """One attempt to sell each of n homes, first drawn as if each stood alone."""
    n = len(home)
    cuts = np.cumsum((k.SHARE_SOLD, k.SHARE_TERMINATED, k.SHARE_EXPIRED))
    draw = rng.random(n)
    ends = np.array([k.SOLD, k.TERMINATED, k.EXPIRED, k.WITHDRAWN])
    outcome = ends[np.searchsorted(cuts, draw, side="right")]
    sells = outcome == k.SOLD
    arms_length = ~(sells & (rng.random(n) < k.SHARE_NOT_ARMS_LENGTH))
    go_live = np.where(rng.random(n) < k.SHARE_COMING_SOON, rng.integers(3, 11, n), 0)
    go_live = np.where(arms_length, go_live, 0)
    wait = np.clip(np.round(np.exp(rng.normal(np.log(17), 0.95, n))), 1, 150).astype(np.int64)
    wait = np.where(arms_length, wait, 1)
    fell = sells & arms_length & (rng.random(n) < k.SHARE_FALL_THROUGH)
    wait = np.where(fell, wait + 22, wait)
    stays = np.select(
        [outcome == k.EXPIRED, outcome == k.TERMINATED],
        [rng.choice([90, 120, 180], n), rng.integers(20, 150, n)],
        rng.integers(10, 110, n),
    )
    live = list_day + go_live
    contract = np.where(sells, live + wait, -1)
    escrow = np.clip(np.round(rng.normal(33, 7, n)), 13, 75).astype(np.int64)
    end_day = np.where(sells, contract + escrow, live + stays)
    on_market = np.where(sells, wait, stays)
    wants = rng.integers(0, MAX_CUTS + 1, n)
    n_cuts = np.minimum(wants, np.select([on_market < 20, on_market < 40, on_market < 70],
                                         [0, 1, 2], MAX_CUTS))  # fmt: skip
    return Listings(
        home=home,
        list_day=list_day,
        list_second=rng.integers(8 * 3600, 20 * 3600, n),
        go_live=go_live,
        outcome=outcome,
        contract_day=contract,
        end_day=end_day,
        option_days=rng.integers(4, 11, n),
        shows_on=rng.random(n) < 0.15,
        fell_through=np.where(fell, live + np.maximum(wait - 16, 1), -1),
        n_cuts=np.where(arms_length, n_cuts, 0),
        cut_sizes=rng.uniform(0.02, 0.045, (n, MAX_CUTS)),
        condition=condition,
        sale_noise=rng.normal(0, k.SALE_NOISE_SD, n),
        list_noise=rng.normal(0, k.LIST_NOISE_SD, n),
        overprice=np.where(sells, 0.0, 0.03 + 0.05 * rng.random(n)),
        arms_length=arms_length,
        family_share=rng.uniform(*k.FAMILY_TRANSFER_SHARE_OF_VALUE, n),
        is_flip=np.zeros(n, dtype=bool),
        is_relist=np.zeros(n, dtype=bool),
        previous=np.full(n, -1, dtype=np.int64),
    )


def _pick(rng: np.random.Generator, eligible: Bools, n: int, weight: Floats | None = None) -> Ints:
    """Up to n indices out of the eligible, sorted; the heavier the likelier."""
    index = np.flatnonzero(eligible)
    key = rng.random(len(index)) if weight is None else rng.random(len(index)) * weight[index]
    return np.sort(index[np.argsort(key, kind="stable")[: max(n, 0)]])


def _join(parts: list[Listings]) -> Listings:
    return Listings(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Listings)}
    )


def simulate(n_listings: int, months: int, seed: int) -> Market:
    """Draw a market of exactly n_listings MLS numbers over the window.

    Raises ValueError below 20 listings or 6 months: no turn and no repeat sale would fit.
    """
    if n_listings < 20 or months < 6:
        raise ValueError(
            f"a sample market needs at least 20 listings and 6 months, "
            f"got {n_listings} listings and {months} months"
        )
    rng = np.random.default_rng([seed, 10])
    end = int(month_starts(months)[-1])
    n = n_listings
    homes = build_homes(seed, n)
    n_flips, n_repeats, n_relists = (
        round(n * share) for share in (k.SHARE_FLIP, k.SHARE_REPEAT, k.SHARE_RELIST)
    )
    n_first = n - n_flips - n_repeats - n_relists

    days = np.arange(end)
    density = 1 + 0.3 * np.cos(2 * np.pi * (days - 130) / 365.25)
    density *= np.where(days % 7 >= 5, 0.6, 1.0)
    cdf = np.cumsum(density) / density.sum()
    list_day = np.searchsorted(cdf, rng.random(n)).astype(np.int64)
    every = _campaign(rng, np.arange(n), list_day, homes.condition)
    source = np.arange(n) < n_first

    sold = source & (every.outcome == k.SOLD) & every.arms_length
    can_flip = sold & (every.end_day + 110 < end)
    flips = _pick(rng, can_flip, n_flips, np.exp(every.condition * 40))
    can_repeat = sold & (every.end_day + 260 < end)
    can_repeat[flips] = False
    repeats = _pick(rng, can_repeat, n_repeats)
    failed = source & (every.outcome != k.SOLD) & (every.end_day + 30 < end)
    relists = _pick(rng, failed, n_relists)

    parts = []
    for kind, index in (("flip", flips), ("repeat", repeats), ("relist", relists)):
        room = end - every.end_day[index]
        if kind == "flip":
            gap = 60 + (rng.random(len(index)) * np.minimum(110, room - 90)).astype(np.int64)
            # Bought worn, sold renovated: the spread of condition over all listings stays.
            condition = np.abs(rng.normal(0, k.CONDITION_SD, len(index)))
        elif kind == "repeat":
            gap = 200 + (rng.random(len(index)) * (room - 240)).astype(np.int64)
            condition = every.condition[index]
        else:
            gap = 1 + (rng.random(len(index)) * 24).astype(np.int64)
            condition = every.condition[index]
        later = _campaign(rng, every.home[index], every.end_day[index] + gap, condition)
        later.is_flip = np.full(len(index), kind == "flip")
        later.is_relist = np.full(len(index), kind == "relist")
        later.previous = index
        parts.append(later)
    n_later = sum(len(p.home) for p in parts)
    first = every.take(np.arange(n - n_later))
    joined = _join([first, *parts])
    order = np.lexsort((joined.home, joined.list_second, joined.list_day))
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    listings = joined.take(order)
    listings.previous = np.where(listings.previous >= 0, place[listings.previous], -1)
    return _price(homes, listings, months, seed)


def _price(homes: Homes, listings: Listings, months: int, seed: int) -> Market:
    """Add the parts of each log value, the list prices and the close price."""
    rng = np.random.default_rng([seed, 11])
    h = listings.home
    n = len(h)
    priced_on = np.where(listings.contract_day >= 0, listings.contract_day, listings.end_day)
    day = np.minimum(priced_on, month_starts(months)[-1]).astype(float)
    index = np.interp(day, month_starts(months), market_index(months))
    seasonal = season(day)
    structure = homes.structure[h] + age_effect(homes.year_built[h], k.START.year + day / 365.25)
    location = k.BASE_LOG_PRICE + homes.sites.smooth[h]
    edge = homes.sites.edge[h]
    log_value = location + edge + structure + listings.condition + index + seasonal

    close = np.exp(log_value + listings.sale_noise)
    last_list = close * np.exp(k.LIST_MARKUP + listings.list_noise + listings.overprice)
    family = ~listings.arms_length
    close = np.where(family, np.exp(log_value) * listings.family_share, close)
    close = np.round(close / 100) * 100
    last_list = np.where(family, close, last_list)
    # Prices after 0, 1, ... cuts: walk back from the last one.
    steps = np.arange(MAX_CUTS + 1)[None, :]
    left = np.maximum(listings.n_cuts[:, None] - steps, 0)
    growth = np.c_[np.zeros(n), np.cumsum(-np.log1p(-listings.cut_sizes), axis=1)]
    prices = last_list[:, None] * np.exp(np.take_along_axis(growth, left, axis=1))
    prices = np.where(family[:, None], prices, np.round(prices / 100) * 100)
    mls = 30_000_000 + np.cumsum(rng.integers(1, 90, n))
    return Market(
        homes=homes,
        listings=listings,
        months=months,
        mls_number=mls,
        location=location,
        edge=edge,
        structure=structure,
        index=index,
        season=seasonal,
        log_value=log_value,
        list_prices=prices.astype(np.int64),
        close_price=close.astype(np.int64),
    )
