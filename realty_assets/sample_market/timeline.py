"""From listings to the states that an export shows, and to the file that shows each.

A state is one version of a listing: a status, a price and the moment it last changed. A monthly
file holds the last state of every listing that changed in that month, a delta the last state of
every listing that changed on that day, and some that did not change.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from realty_assets.sample_market import constants as k
from realty_assets.sample_market.market import Market, month_starts

Ints = NDArray[np.int64]
DAY = 86_400
REPEAT_SHARE = 0.12
"""Unchanged repeats in a delta, as a share of its changed rows."""
OLDER_VERSIONS_PER_MONTH = 1


@dataclass(frozen=True)
class States:
    """One element per state, ordered by listing and time."""

    listing: Ints
    second: Ints
    """Seconds since START, local time, of the last change."""
    status: Ints
    cuts: Ints
    """Price cuts made so far: the column of Market.list_prices."""
    since_live: Ints
    """Days on market shown."""


@dataclass(frozen=True)
class FileRows:
    """Rows of all files in file order: which state stands in which file."""

    names: list[str]
    is_delta: NDArray[np.bool_]
    file: Ints
    state: Ints
    previous: Ints
    """The state of the same listing in an earlier file, -1 when new."""
    event: NDArray[np.str_]
    """'' or what the row is in the life of its listing ('unchanged repeat', ...)."""


def build_states(market: Market) -> States:
    """All states with a change inside the window."""
    li = market.listings
    n = len(li.home)
    rng = np.random.default_rng([int(market.mls_number[0]), 12])
    who = np.arange(n)
    live = li.list_day + li.go_live
    blocks: list[tuple[Ints, Ints, Ints, Ints | int]] = []  # listing, day, status, cuts

    def add(mask: NDArray[np.bool_], day: Ints, status: Ints | int, cuts: Ints | int) -> None:
        i = who[mask]
        code = np.broadcast_to(np.asarray(status), (n,))[mask]
        done = np.broadcast_to(np.asarray(cuts), (n,))[mask]
        blocks.append((i, day[mask], code.astype(np.int64), done.astype(np.int64)))

    sells = li.outcome == k.SOLD
    off = np.where(sells, li.contract_day, li.end_day)
    on_market = off - live
    early = li.go_live > 0
    add(early, li.list_day, k.COMING_SOON, 0)
    add(np.ones(n, dtype=bool), live, k.ACTIVE, 0)
    cut_days = np.stack([live + np.round(on_market * s).astype(np.int64) for s in (0.3, 0.55, 0.8)])
    for c in range(3):
        add(li.n_cuts > c, cut_days[c], k.ACTIVE, c + 1)
    fell = li.fell_through >= 0
    made = (li.fell_through[:, None] >= cut_days.T) & (np.arange(3)[None, :] < li.n_cuts[:, None])
    add(fell, li.fell_through, k.OPTION, made.sum(axis=1))
    back = np.minimum(li.fell_through + 7, li.contract_day - 1)
    made = (back[:, None] >= cut_days.T) & (np.arange(3)[None, :] < li.n_cuts[:, None])
    add(fell, back, k.ACTIVE, made.sum(axis=1))
    add(sells, li.contract_day, k.OPTION, li.n_cuts)
    pending = np.where(li.shows_on, k.CONTINUE, k.PENDING)
    add(sells & li.arms_length, li.contract_day + li.option_days, pending, li.n_cuts)
    add(sells, li.end_day + rng.choice([0, 1, 2], n, p=(0.7, 0.2, 0.1)), k.SOLD, li.n_cuts)
    add(~sells, li.end_day, li.outcome, li.n_cuts)

    listing, day, status, cuts = (np.concatenate([b[j] for b in blocks]) for j in range(4))
    clock = rng.integers(8 * 3600, 21 * 3600, len(day))
    first = (day == li.list_day[listing]) & ((status == k.COMING_SOON) | (status == k.ACTIVE))
    clock = np.where(first, li.list_second[listing] % (11 * 3600) + 6 * 3600, clock)
    rank = np.arange(len(day))  # blocks stand in the order of a listing's life
    order = np.lexsort((rank, day, listing))
    listing, day, status, cuts, clock = (a[order] for a in (listing, day, status, cuts, clock))
    second = day * DAY + clock
    # Two changes on one day come in order, a minute apart at least.
    same = np.r_[False, (listing[1:] == listing[:-1]) & (day[1:] == day[:-1])]
    while True:
        late = np.flatnonzero(same & np.r_[False, second[1:] < second[:-1] + 60])
        if not len(late):
            break
        second[late] = second[late - 1] + 60
    until = np.where(sells[listing] & (status >= k.OPTION), li.contract_day[listing], day)
    shown = np.maximum(np.minimum(until, day) - live[listing], 0)
    inside = day < market.end
    return States(*(a[inside].astype(np.int64) for a in (listing, second, status, cuts, shown)))


def lay_out(states: States, market: Market, seed: int) -> FileRows:
    """Assign states to files: months first, the last DELTA_DAYS days one file each."""
    rng = np.random.default_rng([seed, 13])
    day = states.second // DAY
    starts = month_starts(market.months)
    first_delta = market.end - k.DELTA_DAYS
    month = np.searchsorted(starts, day, side="right") - 1
    file = np.where(day < first_delta, month, market.months + day - first_delta)
    months = [k.START + timedelta(days=int(s)) for s in starts[:-1]]
    names = [f"har_{m:%Y_%m}.csv" for m in months]
    days = [k.START + timedelta(days=first_delta + i) for i in range(k.DELTA_DAYS)]
    names += [f"har_delta_{d:%Y%m%d}.csv" for d in days]

    follows = np.r_[states.listing[1:] == states.listing[:-1], False]
    last_in_file = ~(follows & np.r_[file[1:] == file[:-1], False])
    # A listing that changed while the export was being made: its older state is there too.
    older = np.flatnonzero(~last_in_file & (file < market.months))
    older = older[np.r_[last_in_file[1:], False][older]]
    want = OLDER_VERSIONS_PER_MONTH * market.months
    older = np.sort(rng.permutation(older)[:want])
    shown = last_in_file.copy()
    shown[older] = True
    state = np.flatnonzero(shown)
    row_file = file[state]
    event = np.full(len(state), "", dtype="U32")
    event[np.isin(state, older + 1)] = "newer version of a record"

    previous = np.full(len(state), -1, dtype=np.int64)
    same = np.r_[False, states.listing[state[1:]] == states.listing[state[:-1]]]
    previous[same] = state[np.flatnonzero(same) - 1]
    in_delta = row_file >= market.months
    old = np.where(previous >= 0, previous, 0)
    status, before = states.status[state], states.status[old]
    known = previous >= 0
    kinds = (
        ("new listing", ~known),
        ("closed", known & (status == k.SOLD)),
        ("went under option", known & (status == k.OPTION)),
        ("price cut", known & (status == before) & (states.cuts[state] > states.cuts[old])),
    )
    for kind, mask in kinds:
        event[in_delta & mask & (event == "")] = kind

    # Unchanged repeats: a state shown in an earlier file and still the listing's latest.
    extra_state, extra_file = [], []
    for f in range(market.months, market.months + k.DELTA_DAYS):
        n_changed = int((row_file == f).sum())
        still = (row_file < f) & (row_file >= market.months - 2)
        still &= ~np.r_[
            (states.listing[state[1:]] == states.listing[state[:-1]]) & (row_file[1:] <= f), False
        ]
        pick = rng.permutation(np.flatnonzero(still))[: max(1, round(REPEAT_SHARE * n_changed))]
        extra_state.append(np.sort(state[pick]))
        extra_file.append(np.full(len(pick), f))
    more = np.concatenate(extra_state)
    state = np.r_[state, more]
    row_file = np.r_[row_file, np.concatenate(extra_file)]
    event = np.r_[event, np.full(len(more), "unchanged repeat", dtype="U32")]
    previous = np.r_[previous, more]
    order = np.lexsort((state, row_file))
    return FileRows(
        names=names,
        is_delta=np.arange(len(names)) >= market.months,
        file=row_file[order],
        state=state[order],
        previous=previous[order],
        event=event[order],
    )
