"""The comparables step at 50,000 sales, against a BallTree made anew for each month.

Ours searches and summarizes a month at a time, and what became known within the month is searched,
too. The rival makes two trees (all sales of the last 36 months, and the thinned tenth that looks
far) of haversine distance for each month, asks them row by row, and summarizes each row's
neighbours by the same functions; it knows nothing of what came within the month. It is timed on
every 20th row of each month, its trees on every month, and its rows are scaled up. Both run in one
thread; processor time.
"""

from __future__ import annotations

import time
from typing import Any

from benchmarks._market import invented

SALES, EVERY, LIMIT = 50_000, 20, 0.2


def run() -> list[dict[str, Any]]:
    """Rows of the benchmark table: name, ours_s, rival_s, ratio, limit, note."""
    import numpy as np

    from realty_assets.features.block import Block
    from realty_assets.features.matrix import FeatureSettings, chunks, prepared
    from realty_assets.features.sales import Sales
    from realty_assets.features.subjects import sale_subjects

    frame, settings = invented(SALES), FeatureSettings()
    sales = Sales(frame)
    _, query, vintages = prepared(sale_subjects(frame), sales, settings, None, None, 2)
    ours = dict.fromkeys(("search", "step"), 0.0)
    rival = dict.fromkeys(("search", "step"), 0.0)
    n_rows, same = 0, []
    for day, rows in chunks(query.info_day):
        block = Block(sales, settings.comps, vintages, day, query.take(rows))
        if not block.has_market:
            continue
        n_rows += len(rows)
        started = time.process_time()
        near = block.near(settings.comps.n_near)
        wide = block.near(settings.comps.n_wide, thinned=True)
        ours["search"] += time.process_time() - started
        _summaries(block, block.query, near, wide)
        ours["step"] += time.process_time() - started
        searched, stepped, found = _month(block, query, rows)
        rival["search"] += searched
        rival["step"] += stepped
        same.append(np.median(np.abs(found - near.distance[::EVERY, 0])))
    assert float(np.median(same)) < 0.05  # km: both find the same nearest sales
    about = f"{n_rows:,} rows, one thread, processor time; rival timed on one row in {EVERY}"
    return [
        {
            "name": f"comparables, {what}",
            "ours_s": ours[key],
            "rival_s": rival[key],
            "ratio": ours[key] / rival[key],
            "limit": limit,
            "note": about,
        }
        for key, what, limit in (
            ("step", "search and features", LIMIT),
            ("search", "the search alone", None),
        )
    ]


def _summaries(block: Any, query: Any, near: Any, wide: Any) -> None:
    """The features of the step, by the very functions of the matrix."""
    import numpy as np

    from realty_assets.features.comparables import comps_features, make_up, unlikeness

    settings, sales = block.settings, block.sales
    comps_features(
        settings,
        near.distance,
        near.residual,
        near.age_days,
        unlikeness(query.columns, sales.columns, near.at),
        wide.distance,
        wide.residual,
        wide.age_days,
    )
    few = slice(0, settings.n_make_up)
    there = np.isfinite(near.distance)
    make_up(query.columns, sales.columns, near.at[:, few], there[:, few])


def _month(block: Any, query: Any, rows: Any) -> tuple[float, float, Any]:
    """(seconds of search, seconds of search and features, km to the nearest) of one month."""
    import numpy as np
    from sklearn.neighbors import BallTree

    from realty_assets.features.block import Near

    sales, comps = block.sales, block.settings
    pool = np.arange(block.pool.start, block.n_before)
    radians = np.radians(np.column_stack([sales.columns["latitude"], sales.columns["longitude"]]))
    thin = pool[sales.draw[pool] < 1.0 / comps.wide_share]
    started = time.process_time()
    trees = [BallTree(radians[some], metric="haversine") for some in (pool, thin)]
    trees_s = time.process_time() - started
    asked = rows[::EVERY]
    place = np.radians(
        np.column_stack([query.columns["latitude"], query.columns["longitude"]])[asked]
    )
    search_s = features_s = 0.0
    nearest = []
    for i, row in enumerate(asked):
        one = query.take(np.array([row]))
        started = time.process_time()
        found = []
        for tree, some, k in zip(trees, (pool, thin), (comps.n_near, comps.n_wide), strict=True):
            distance, at = tree.query(place[i : i + 1], k=min(k, len(some)))
            found.append((some[at], 6371.0088 * distance))
        search_s += time.process_time() - started
        started = time.process_time()
        nears = [
            Near(
                at, km, block.residual[at - block.pool.start], one.info_day[0] - sales.close_day[at]
            )
            for at, km in found
        ]
        _summaries(block, one, *nears)
        features_s += time.process_time() - started
        nearest.append(found[0][1][0, 0])
    scale = len(rows) / max(len(asked), 1)
    searched = trees_s + scale * search_s
    return searched, searched + scale * features_s, np.array(nearest)
