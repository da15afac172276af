"""Baselines: past-only, complete, and silent about nothing that they cannot do."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from realty_assets.features.sales import epoch_day
from realty_assets.modeling.judging import baselines as of
from realty_assets.modeling.judging.baseline_table import (
    BASELINES,
    MODEL,
    baseline_rows,
    baseline_values,
    slices,
)
from realty_assets.modeling.judging.index_table import IndexTable
from realty_assets.modeling.judging.past import Asked, Past, area_name, with_homes
from realty_assets.modeling.judging.ridge import fit_ridge
from realty_assets_tests.modeling.judging.conftest import TO, Judged, index_of

KINDS = [baseline.name for baseline in BASELINES]


def small_sales(rows: list[dict]) -> pl.DataFrame:
    """clean.sales of homes of 1,000 sqft in one street, each known the day after its close."""
    full = [
        {
            "listing_key": f"L{i}",
            "property_key": f"H{i}",
            "parcel_number": None,
            "listing_contract_date": None,
            "postal_code": "77001",
            "living_area": 1000.0,
            "latitude": 29.7 + 0.001 * i,
            "longitude": -95.4,
            "list_price": None,
            "excluded_by": None,
            **row,
        }
        for i, row in enumerate(rows)
    ]
    for row in full:
        row["known_at"] = datetime.combine(
            row["close_date"] + timedelta(days=1), datetime.min.time()
        )
    text = dict.fromkeys(("parcel_number", "excluded_by", "postal_code"), pl.String)
    kinds = {**text, "listing_contract_date": pl.Date, "list_price": pl.Float64}
    kinds |= dict.fromkeys(("living_area", "latitude", "longitude"), pl.Float64)
    return pl.DataFrame(full, schema_overrides=kinds)


def asked(sales: pl.DataFrame, day: date, keys: list[str]) -> Asked:
    rows = sales.filter(pl.col("listing_key").is_in(keys))
    return Asked.of(rows.with_columns(as_of=pl.lit(day), cutoff=pl.lit(day)))


NO_INDEX = IndexTable(
    pl.DataFrame(schema={"vintage": pl.Date, "month": pl.Date, "index_log": pl.Float64})
)


def test_worked_examples() -> None:
    prices = [100_000.0 + 1_000 * i for i in range(12)]
    sales = small_sales(
        [{"close_date": date(2024, 1, 1 + i), "close_price": p} for i, p in enumerate(prices)]
        + [
            {
                "close_date": date(2024, 3, 5),
                "close_price": 1.0,
                "property_key": "H3",
                "living_area": 2000.0,
                "latitude": 29.7,
                "list_price": 200_000.0,
            }
        ]
    )
    sales = sales.with_columns(
        list_price=pl.when(pl.col("list_price").is_null())
        .then(pl.col("close_price") / 0.9)
        .otherwise(pl.col("list_price"))
    )
    past, home = Past.of(sales), asked(sales, date(2024, 3, 4), ["L12"])
    nearest = np.array(prices[:10])
    assert of.comps(past, home, np.mean)[0] == pytest.approx(nearest.mean() * 2)
    assert of.comps(past, home, np.median)[0] == pytest.approx(np.median(nearest) * 2)
    assert of.area_rate(past, home)[0] == pytest.approx(np.median(prices) * 2)
    assert of.previous_sale(past, home, NO_INDEX)[0] == pytest.approx(prices[3])
    assert of.list_price_ratio(past, home)[0] == pytest.approx(200_000 * 0.9)


def test_the_previous_sale_is_moved_by_the_index_as_it_was_known() -> None:
    months = [date(2024, m, 1) for m in (1, 2, 3, 4)]
    frame = pl.DataFrame(
        {
            "vintage": [date(2024, 3, 1)] * 4 + [date(2024, 4, 1)] * 4,
            "month": months * 2,
            "index_log": [0.0, 0.1, 0.2, 0.3, 0.0, 9.0, 9.0, 9.0],
        }
    )
    table = IndexTable(frame)
    middle = np.array([epoch_day(date(2024, 1, 15)), epoch_day(date(2024, 3, 15))])
    assert table.level(epoch_day(date(2024, 3, 31)), middle).tolist() == [0.0, 0.2]
    assert table.level(epoch_day(date(2024, 2, 29)), middle).tolist() == [0.0, 0.0]
    assert table.vintage_on(epoch_day(date(2024, 4, 1))) == epoch_day(date(2024, 4, 1))
    sales = small_sales(
        [
            {"close_date": date(2024, 1, 15), "close_price": 100.0},
            {"close_date": date(2024, 3, 16), "close_price": 9.0, "property_key": "H0"},
        ]
    )
    home = asked(sales, date(2024, 3, 14), ["L1"])
    value = of.previous_sale(Past.of(sales), home, table)[0]
    # as_of plus the usual wait of one day
    assert value == pytest.approx(100 * np.exp(0.2), rel=1e-3)


def test_ridge_finds_what_the_prices_are_made_of() -> None:
    luck = np.random.default_rng(1)
    n = 800
    size, day = luck.normal(7.5, 0.3, n), luck.integers(-700, 0, n)
    area = luck.choice(["a", "b", "c"], n).astype(object)
    effect = {"a": -0.3, "b": 0.0, "c": 0.3}
    target = 5 + 0.8 * size + np.array([effect[name] for name in area]) + 0.1 * day / 365.25
    gap = size.copy()
    gap[:50] = np.nan
    model = fit_ridge({"size": gap, "never": np.full(n, np.nan)}, area, day, target)
    assert model.names == ("size",)
    new = {"size": np.array([7.0, 8.0, 7.5]), "never": np.full(3, np.nan)}
    got = model.predict(new, np.array(["a", "c", "unheard of"], dtype=object), [30, 30, 30])
    expected = np.array([10.3, 11.7, 11.0]) + 0.1 * 30 / 365.25
    assert got == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("name", KINDS)
def test_nothing_of_the_future_moves_a_baseline(judged: Judged, name: str) -> None:
    make = next(baseline.make for baseline in BASELINES if baseline.name == name)
    home = Asked.of(with_homes(judged.predictions.filter(pl.col("cutoff") == TO), judged.sales))
    plain = make(Past.of(judged.sales), home, IndexTable(judged.index))
    late = pl.col("known_at") >= datetime(TO.year, TO.month, TO.day)
    closed = pl.col("close_date") >= TO - timedelta(days=1)
    changed = judged.sales.with_columns(
        close_price=pl.when(late | closed).then(pl.col("close_price") * 3).otherwise("close_price"),
        living_area=pl.when(late | closed).then(pl.lit(5.0)).otherwise("living_area"),
    )
    dropped = judged.sales.filter(~(late | closed))
    for other in (changed, dropped):
        again = make(Past.of(other), home, IndexTable(index_of(other)))
        assert np.array_equal(plain, again, equal_nan=True)
    assert np.isfinite(plain).any()


@pytest.mark.parametrize("name", KINDS)
def test_a_homes_value_depends_on_no_other_home_that_is_asked_about(
    judged: Judged, name: str
) -> None:
    make = next(baseline.make for baseline in BASELINES if baseline.name == name)
    past, table = Past.of(judged.sales), IndexTable(judged.index)
    rows = with_homes(judged.predictions, judged.sales)
    every = make(past, Asked.of(rows), table)
    some = make(past, Asked.of(rows[::7]), table)
    assert np.array_equal(every[::7], some, equal_nan=True)


def test_every_sale_has_a_value_from_every_baseline_and_the_share_is_told(judged: Judged) -> None:
    values = baseline_values(judged.predictions, judged.sales, judged.index)
    assert values["value"].null_count() == 0
    assert set(values["baseline"]) == set(KINDS) - {"list price times sale-to-list"}
    table = baseline_rows(judged.predictions, judged.sales, values, n_draws=50)
    every = table.filter(pl.col("slice") == "all")
    assert every["n"].unique().to_list() == [len(judged.predictions)]
    previous = every.filter(pl.col("baseline") == "previous sale, indexed").row(0, named=True)
    assert 0 < previous["own_share"] < 0.2


def test_slices_and_the_models_figures_are_those_of_the_backtest(judged: Judged) -> None:
    values = baseline_values(judged.predictions, judged.sales, judged.index)
    table = baseline_rows(judged.predictions, judged.sales, values, n_draws=50)
    assert set(table["slice"]) == set(judged.figures["slice"]) == set(slices(judged.predictions))
    mine = table.filter(pl.col("baseline") == MODEL).sort("slice")
    theirs = judged.figures.sort("slice")
    for name in ("n", "mdape", "ppe10", "r2", "cod"):
        got, expected = mine[name].to_list(), theirs[name].to_list()
        assert got == [None if e is None else pytest.approx(e) for e in expected], name
    ridge = table.filter((pl.col("slice") == "all") & (pl.col("baseline") == "ridge hedonic"))
    assert ridge["error_difference_low"].item() < ridge["error_difference"].item()
    assert ridge["verdict"].item() in ("model better", "no difference shown", "baseline better")


def test_a_source_without_places_areas_or_sizes_says_what_cannot_be_made(judged: Judged) -> None:
    bare = ["latitude", "longitude", "postal_code", "living_area"]
    none = [pl.lit(None, judged.sales[name].dtype).alias(name) for name in bare]
    sales = judged.sales.drop("subdivision_name").with_columns(none)
    predictions = judged.predictions.with_columns(none[:3])
    values = baseline_values(predictions, sales, judged.index)
    table = baseline_rows(predictions, sales, values, n_draws=20)
    every = {row["baseline"]: row for row in table.filter(pl.col("slice") == "all").to_dicts()}
    for name in ("comps mean", "comps median", "area price per square foot"):
        assert every[name]["note"].startswith("cannot be made: no sale of the window has")
        assert every[name]["mdape"] is None
    assert every["ridge hedonic"]["mdape"] is not None
    assert set(area_name(sales)) == {"-"}


def test_the_list_price_is_a_baseline_on_the_on_market_track_only(judged: Judged) -> None:
    on_market = judged.predictions.with_columns(track=pl.lit("on_market"))
    values = baseline_values(on_market, judged.sales, judged.index)
    table = baseline_rows(on_market, judged.sales, values, n_draws=20)
    row = table.filter(
        (pl.col("slice") == "all") & (pl.col("baseline") == "list price times sale-to-list")
    ).row(0, named=True)
    assert row["mdape"] < 0.01
    assert row["verdict"] == "baseline better"
    assert row["own_share"] == 1.0


def test_a_sale_that_is_not_among_the_clean_ones_is_an_error(judged: Judged) -> None:
    with pytest.raises(ValueError, match=r"not in clean\.sales"):
        with_homes(judged.predictions, judged.sales.head(5))
