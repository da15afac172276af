"""Boosters of walked months that are kept: used where nothing they learned from has changed."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import xgboost as xgb
from polars.testing import assert_frame_equal

from realty_assets.evaluation.splits import rolling_origin
from realty_assets.modeling.kept_boosters import KeptBoosters
from realty_assets.modeling.walk_forward import KEPT_FOLDS, Market, walk_forward
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import market_of

FOLDS = list(rolling_origin(date(2021, 8, 1), date(2021, 11, 1)))


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    return town(700)


@pytest.fixture(scope="module")
def market(sales: pl.DataFrame) -> Market:
    return market_of(sales, n_threads=2)


@pytest.fixture(scope="module")
def alone(market: Market) -> pl.DataFrame:
    return walk_forward(market, FOLDS)


def test_what_is_kept_is_used_and_only_the_newest_folds_are(market, alone, tmp_path: Path) -> None:
    kept = KeptBoosters(tmp_path / "boosters")
    (tmp_path / "boosters").mkdir()
    left = [tmp_path / "boosters" / name for name in (".0a-left-by-a-kill", ".0b-being-written")]
    for path in left:
        path.write_bytes(b"half")
    os.utime(left[0], (0.0, 0.0))
    assert_frame_equal(walk_forward(market, FOLDS, None, kept), alone, check_exact=True)
    assert [path.exists() for path in left] == [False, True]
    files = sorted(kept.folder.glob("*.ubj"))
    assert len(files) == KEPT_FOLDS * len(market.model.members)
    assert_frame_equal(walk_forward(market, FOLDS, None, kept), alone, check_exact=True)
    # Boosters cut short show: the second walk trained nothing in the newest folds.
    for key in (path.stem for path in files):
        booster = xgb.Booster(model_file=bytearray(kept.get(key) or b""))
        kept.put(key, bytes(booster[:10].save_raw("ubj")))
    other = walk_forward(market, FOLDS, None, kept)
    changed = other.filter(pl.Series(other["log_value"] != alone["log_value"]))
    assert set(changed["cutoff"]) == {fold.cutoff for fold in FOLDS[-KEPT_FOLDS:]}


def test_a_damaged_file_is_trained_again(market, alone, tmp_path: Path) -> None:
    kept = KeptBoosters(tmp_path)
    walk_forward(market, FOLDS, None, kept)
    for path in kept.folder.iterdir():
        written = path.read_bytes()
        path.write_bytes(written[:-1] + bytes([written[-1] ^ 1]))
        assert kept.get(path.stem) is None
    assert_frame_equal(walk_forward(market, FOLDS, None, kept), alone, check_exact=True)
    assert all(kept.get(path.stem) for path in kept.folder.iterdir())


def test_other_settings_and_other_sales_share_nothing(market, sales, tmp_path: Path) -> None:
    kept = KeptBoosters(tmp_path)
    walk_forward(market, FOLDS, None, kept)
    before = set(kept.folder.iterdir())
    walk_forward(replace(market, model=replace(market.model, eta=0.21)), FOLDS, None, kept)
    assert not before & set(kept.folder.iterdir())
    dearer = sales.with_columns(close_price=pl.col("close_price") * 1.01)
    other = market_of(dearer, n_threads=2)
    assert_frame_equal(
        walk_forward(other, FOLDS, None, kept), walk_forward(other, FOLDS), check_exact=True
    )
    assert not before & set(kept.folder.iterdir())
