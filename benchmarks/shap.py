"""Why every home is worth what it is, against the bare `pred_contribs` of the same boosters.

Ours is the whole road to the parts of each value: inputs from the matrix, the members'
contributions averaged, the start, the level and the rounding, and the model's own answer to compare
them with. The rival loads each booster and asks it for the same contributions on a DMatrix that is
there already. Both run in one process, in turn, on all cores. Processor seconds of all threads are
compared: both do the same work on the same threads, and what else runs on the machine is no part of
either. The best of the turns counts.
"""

from __future__ import annotations

import os
import time
from datetime import date
from typing import Any

HOMES = int(os.environ.get("REALTY_BENCH_SHAP_HOMES", "1000"))
SALES, TURNS, LIMIT = 2000, 5, 1.2


def run() -> list[dict[str, Any]]:
    """Rows of the benchmark table: name, ours_s, rival_s, ratio, limit, note."""
    import numpy as np

    from realty_assets.analysis.contributions import explain

    valuer, homes = _model()
    threads = os.cpu_count() or 1
    rows = _dmatrices(valuer, homes)
    ours, rival = [], []
    for _ in range(TURNS):
        started = time.process_time()
        _bare(valuer, rows, threads)
        rival.append(time.process_time() - started)
        started = time.process_time()
        parts = explain(valuer, homes, threads)
        ours.append(time.process_time() - started)
    assert float(np.abs(parts.rounding).max()) < 1e-4
    ours_s, rival_s = min(ours), min(rival)
    return [
        {
            "name": "SHAP for every home",
            "ours_s": ours_s,
            "rival_s": rival_s,
            "ratio": ours_s / rival_s,
            "limit": LIMIT,
            "note": f"{len(homes):,} homes, {len(valuer.point.members)} members, "
            f"{len(valuer.point.names)} features, processor time; rival: bare pred_contribs of the "
            "same boosters",
        }
    ]


def _model() -> tuple[Any, Any]:
    """A model of an invented town with the full settings, and the homes to explain."""
    import polars as pl

    from realty_assets.evaluation.splits import rolling_origin
    from realty_assets.features.matrix import FeatureSettings, build_matrix
    from realty_assets.features.sales import Sales
    from realty_assets.features.subjects import sale_subjects
    from realty_assets.modeling.model import fit_valuer
    from realty_assets.modeling.settings import ModelSettings
    from realty_assets.modeling.walk_forward import Market, walk_forward
    from realty_assets_tests.features.towns import town

    sales = town(SALES, months=13)
    settings = FeatureSettings()
    threads = os.cpu_count() or 1
    matrix = build_matrix(sale_subjects(sales), Sales(sales), settings, n_threads=threads)
    market = Market.of(sales, matrix, settings, ModelSettings(), threads)
    folds = list(rolling_origin(date(2021, 12, 1), date(2021, 12, 1)))
    valuer = fit_valuer(market, walk_forward(market, folds), date(2022, 1, 20))
    repeats = -(-HOMES // len(matrix))
    return valuer, pl.concat([matrix] * repeats).head(HOMES)


def _dmatrices(valuer: Any, homes: Any) -> list[Any]:
    import numpy as np
    import xgboost as xgb

    from realty_assets.modeling.boosters import START_COLUMN

    point = valuer.point
    inputs = homes.select(point.names).to_numpy().astype(np.float32)
    start = homes["comps_log_value"].to_numpy().astype(np.float32)
    made = []
    for member in point.members:
        if member.comps_as == "offset":
            rows = xgb.DMatrix(inputs, feature_names=list(point.names))
            rows.set_base_margin(np.nan_to_num(start))
        else:
            names = [*point.names, START_COLUMN]
            rows = xgb.DMatrix(np.column_stack([inputs, start]), feature_names=names)
        made.append(rows)
    return made


def _bare(valuer: Any, rows: list[Any], threads: int) -> None:
    import xgboost as xgb

    for raw, matrix in zip(valuer.point.boosters, rows, strict=True):
        booster = xgb.Booster({"nthread": threads})
        booster.load_model(bytearray(raw))
        booster.predict(matrix, pred_contribs=True)
