"""Training a member against a bare `xgboost.train` on the same matrix and parameters.

Ours is the whole road from a training set to the booster's bytes: the DMatrix, the start, the
parameters, the objective, the training. The rival makes its DMatrix and trains with the same
parameters written out, its base margin the same start. One thread each, in turn; processor time,
the best of the turns.
"""

from __future__ import annotations

import time
from datetime import date
from typing import Any

from benchmarks._market import FIRST, invented

SALES, YEARS, TURNS, ROUNDS, LIMIT = 20_000, 4, 3, 200, 1.1


def run() -> list[dict[str, Any]]:
    """Rows of the benchmark table: name, ours_s, rival_s, ratio, limit, note."""
    from dataclasses import replace

    from realty_assets.modeling.points import train_member
    from realty_assets.modeling.settings import ModelSettings

    settings = replace(ModelSettings(), rounds=ROUNDS)
    data = _training_set(settings)
    rows = []
    for member, objective, limit in (
        (settings.members[0], "reg:absoluteerror", LIMIT),
        (settings.members[2], "reg:pseudohubererror", None),
    ):
        ours, rival = [], []
        for _ in range(TURNS):
            started = time.process_time()
            _bare(data, settings, objective, settings.seed + 1000 * member.seed_offset)
            rival.append(time.process_time() - started)
            started = time.process_time()
            trained = train_member(data, member, settings)
            ours.append(time.process_time() - started)
        assert trained
        rows.append(
            {
                "name": f"training a member, {member.loss} loss",
                "ours_s": min(ours),
                "rival_s": min(rival),
                "ratio": min(ours) / min(rival),
                "limit": limit,
                "note": f"{len(data):,} sales, {len(data.names)} features, {ROUNDS} rounds, one "
                f"thread, processor time; rival: bare xgboost.train, {objective}",
            }
        )
    return rows


def _training_set(settings: Any) -> Any:
    from realty_assets.features.matrix import FeatureSettings, build_matrix
    from realty_assets.features.sales import Sales, epoch_day
    from realty_assets.features.subjects import sale_subjects
    from realty_assets.features.vintages import make_vintages
    from realty_assets.modeling.points import training_set

    frame, features = invented(SALES, YEARS), FeatureSettings()
    sales, cutoff = Sales(frame), date(FIRST.year + YEARS, 1, 1)
    matrix = build_matrix(sale_subjects(frame), sales, features, n_threads=2)
    vintages = make_vintages(sales, cutoff, features.index, n_threads=2)
    return training_set(matrix, cutoff, vintages[epoch_day(cutoff)], features, settings.target)


def _bare(data: Any, settings: Any, objective: str, seed: int) -> None:
    import xgboost as xgb

    rows = xgb.DMatrix(data.inputs, label=data.target, base_margin=data.start, nthread=1)
    params = {
        "objective": objective,
        "tree_method": "hist",
        "nthread": 1,
        "seed": seed,
        "eta": settings.eta,
        "max_depth": settings.max_depth,
        "min_child_weight": settings.min_child_weight,
        "subsample": settings.subsample,
        "colsample_bytree": settings.colsample_bytree,
        "reg_lambda": settings.reg_lambda,
        "max_bin": settings.max_bin,
    }
    if objective == "reg:pseudohubererror":
        params["huber_slope"] = settings.huber_slope
    xgb.train(params, rows, settings.rounds)
