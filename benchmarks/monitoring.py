"""A month of valuations against the reference, beside Evidently's DataDriftPreset on the same rows.

Ours measures PSI, KS distance, null rates, categories and their luck, feature by feature, with the
profile of every one. Evidently's import is not counted, nor is the pandas frame that it needs. The
best of the turns counts, for both.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

ROWS = int(os.environ.get("REALTY_BENCH_MONITORING_ROWS", "100000"))
NUMBERS, WORDS, OURS, RIVALS, LIMIT = 50, 10, 3, 2, 0.2


def run() -> list[dict[str, Any]]:
    """Rows of the benchmark table: name, ours_s, rival_s, ratio, limit, note."""
    import scipy.special  # noqa: F401

    from realty_assets.monitoring.groups import Groups
    from realty_assets.monitoring.judging import judge
    from realty_assets.monitoring.measures import measure
    from realty_assets.monitoring.policy import read_policy
    from realty_assets.monitoring.profile import profile

    frame = month_and_reference(ROWS)
    features = [name for name in frame.columns if name[0] in "xw"]
    policy = read_policy()
    ours, rival = [], []
    for _ in range(OURS):
        started = time.perf_counter()
        groups = Groups.of(frame)
        profiled = profile(groups, features)
        measured = measure(groups, features, policy.min_reference)
        judged = judge(_of_one_track(measured), policy)
        ours.append(time.perf_counter() - started)
    assert len(profiled) == 2 * len(features)
    assert set(judged.filter("breached")["feature"]) == {"x0", "w0"}
    run_rival = _evidently(frame, features)
    for _ in range(RIVALS):
        started = time.perf_counter()
        run_rival()
        rival.append(time.perf_counter() - started)
    return [
        {
            "name": "a month of valuations against the reference",
            "ours_s": min(ours),
            "rival_s": min(rival),
            "ratio": min(ours) / min(rival),
            "limit": LIMIT,
            "note": f"{ROWS:,} rows of {len(features)} features, as many in the reference; rival: "
            "Evidently's DataDriftPreset, import not counted",
        }
    ]


def month_and_reference(n: int) -> pl.DataFrame:
    """`n` rows of the reference and of a month: numbers and words, one in twenty cells empty; x0
    and w0 have changed."""
    from datetime import date

    import numpy as np
    import polars as pl

    rng = np.random.default_rng(7)
    parts = []
    for at, month in enumerate((date(2024, 1, 1), date(2024, 2, 1))):
        columns: dict[str, Any] = {}
        for number in range(NUMBERS):
            values = rng.lognormal(12.0 + (0.3 * at if number == 0 else 0.0), 0.5, n)
            columns[f"x{number}"] = np.where(rng.random(n) < 0.05, np.nan, values)
        for number in range(WORDS):
            shares = rng.dirichlet(np.full(20, 2.0)) if number == 0 else np.full(20, 0.05)
            columns[f"w{number}"] = rng.choice([f"area {k}" for k in range(20)], n, p=shares)
        frame = pl.DataFrame(columns).with_columns(pl.selectors.float().fill_nan(None))
        parts.append(
            frame.with_columns(
                population=pl.lit("sales"), month=pl.lit(month), in_reference=pl.lit(at == 0)
            )
        )
    return pl.concat(parts)


def _of_one_track(measured: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return measured.with_columns(track=pl.lit("off_market"), slice=pl.lit("all"))


def _evidently(frame: pl.DataFrame, features: list[str]) -> Any:
    import pandas as pd
    import polars as pl
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(
        numerical_columns=[name for name in features if name[0] == "x"],
        categorical_columns=[name for name in features if name[0] == "w"],
    )
    reference, current = (
        Dataset.from_pandas(
            pd.DataFrame({name: rows[name].to_numpy() for name in features}),
            data_definition=definition,
        )
        for rows in (frame.filter(pl.col("in_reference") == inside) for inside in (True, False))
    )
    return lambda: Report([DataDriftPreset()]).run(current, reference)
