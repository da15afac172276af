"""A trained model: same data, same bytes; on disk it is whole or refused; MLflow holds it once."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from realty_assets.features.matrix import build_matrix
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets.modeling.mlflow_registry import model_columns, register, tracking_uri
from realty_assets.modeling.model import (
    ModelBroken,
    Valuer,
    fit_valuer,
    load_valuer,
    save_valuer,
    value_subjects,
)
from realty_assets.modeling.settings import NotEnoughSales
from realty_assets.modeling.walk_forward import walk_forward
from realty_assets.modeling.windows import months_to_walk
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import QUICK, market_of

TODAY = date(2022, 1, 3)


@pytest.fixture(scope="module")
def market():
    return market_of(town(1200))


@pytest.fixture(scope="module")
def walked(market) -> pl.DataFrame:
    return walk_forward(market, months_to_walk(TODAY, 1, QUICK))


@pytest.fixture(scope="module")
def valuer(market, walked) -> Valuer:
    return fit_valuer(market, walked, TODAY)


def asked(market) -> pl.DataFrame:
    listings = market.sales_frame.tail(30).with_columns(standard_status=pl.lit("Active"))
    wanted = today_subjects(listings, market.sales_frame.head(0), TODAY)
    return build_matrix(wanted, market.sales, market.features)


def test_the_same_data_and_seed_give_the_same_version(market, walked, valuer) -> None:
    shuffled = market_of(market.sales_frame.sample(fraction=1.0, shuffle=True, seed=2), n_threads=2)
    again = fit_valuer(shuffled, walked.sample(fraction=1.0, shuffle=True, seed=2), TODAY)
    assert again.content_hash == valuer.content_hash
    assert again.model_version == valuer.model_version == valuer.content_hash[:12]
    fewer = market_of(market.sales_frame.head(1100))
    assert fit_valuer(fewer, walked, TODAY).content_hash != valuer.content_hash


def test_values_are_near_what_homes_fetched(market, valuer) -> None:
    rows = asked(market)
    got = value_subjects(valuer, pl.concat([rows, market.matrix.head(3)]))
    assert got.columns == [
        *("property_key", "listing_key", "track", "as_of"),
        *("value", "lower_90", "upper_90", "lower_bound_90", "fsd", "model_version"),
    ]
    assert len(got) == 30  # sales are not valued, they happened
    fetched = market.sales_frame.select("listing_key", "close_price", "excluded_by")
    both = got.join(fetched, on="listing_key")
    assert np.median(np.abs(both["value"] / both["close_price"] - 1)) < 0.1
    assert set(got["as_of"]) == {TODAY}


def test_a_home_listed_before_the_markets_first_vintage_gets_a_value(market, valuer) -> None:
    early = sale_subjects(market.sales_frame.head(5))
    rows = build_matrix(early, market.sales, market.features)
    assert rows["hedonic_log_value"].null_count() == 5
    got = valuer.predict(rows)
    assert got.null_count().sum_horizontal()[0] == 0
    assert (got["value"] / rows["close_price"]).is_between(0.3, 3.0).all()
    nameless = rows.with_columns(ln_living_area=pl.lit(None, dtype=pl.Float64))
    assert valuer.predict(nameless)["value"].is_finite().all()


def test_a_saved_model_is_the_model(market, valuer, tmp_path) -> None:
    folder, digest = save_valuer(valuer, tmp_path)
    assert folder.name == valuer.content_hash
    loaded = load_valuer(folder)
    rows = asked(market)
    assert_frame_equal(loaded.predict(rows), valuer.predict(rows), check_exact=True)
    assert save_valuer(valuer, tmp_path) == (folder, digest)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


@pytest.mark.parametrize("name", ["member_0.ubj", "calibration.json", "error_size.ubj"])
def test_a_changed_or_missing_file_is_refused_and_mended(valuer, tmp_path, name) -> None:
    folder, _ = save_valuer(valuer, tmp_path)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(ModelBroken, match=name):
        load_valuer(folder)
    save_valuer(valuer, tmp_path)
    assert load_valuer(folder).content_hash == valuer.content_hash
    (folder / name).unlink()
    with pytest.raises(ModelBroken, match="not whole"):
        load_valuer(folder)
    shutil.rmtree(folder)
    with pytest.raises(ModelBroken, match="not whole"):
        load_valuer(folder)


def test_no_model_without_sales(market, walked) -> None:
    with pytest.raises(NotEnoughSales, match="150 are needed"):
        fit_valuer(market_of(market.sales_frame.head(140)), walked, TODAY)
    with pytest.raises(NotEnoughSales, match="calibrate"):
        fit_valuer(market, pl.DataFrame(), TODAY)


def test_mlflow_holds_a_model_once_and_gives_it_back(market, valuer, tmp_path: Path) -> None:
    folder, _ = save_valuer(valuer, tmp_path / "models")
    rows = market.matrix.filter(pl.col("hedonic_log_value").is_not_null())

    def once():
        return register(
            tmp_path,
            valuer,
            folder,
            rows,
            params={"rounds": 40, "long": "x" * 900},
            metrics={"walk_forward_mdape": 0.07},
            tags={"data_hash": "d"},
        )

    first, second = once(), once()
    assert first == second
    assert first.version == 1
    import mlflow
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=tracking_uri(tmp_path))
    version = client.get_model_version("realty-off-market", "1")
    assert version.tags["content_hash"] == valuer.content_hash
    assert version.tags["data_hash"] == "d"
    run = client.get_run(first.run_id)
    assert run.data.metrics["walk_forward_mdape"] == 0.07
    mlflow.set_tracking_uri(tracking_uri(tmp_path))
    mlflow.set_registry_uri(tracking_uri(tmp_path))
    loaded = mlflow.pyfunc.load_model("models:/realty-off-market/1")
    got = loaded.predict(rows.head(5).select(model_columns(valuer)).to_pandas())
    assert got["value"].to_list() == pytest.approx(valuer.predict(rows.head(5))["value"].to_list())
