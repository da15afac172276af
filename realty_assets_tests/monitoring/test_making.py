"""The facts of a home, in a real warehouse: what they are of, what a second run leaves alone."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from scipy.stats import ks_2samp

from realty_assets.monitoring.making import DRIFT, PROFILE, make_facts
from realty_assets.monitoring.policy import read_policy
from realty_assets.monitoring.signals import attributions, domain
from realty_assets.monitoring.signals.making import TABLES, Making, make_signals
from realty_assets.warehouse import Warehouse
from realty_assets_tests.monitoring.conftest import TODAY, UNTIL

KEYS = ["track", "population", "slice", "feature", "month", "in_reference"]
ONE = "off_market", "sales", "all", "ln_living_area"


def made(warehouse: Warehouse, today: date = TODAY) -> dict[str, pl.DataFrame]:
    """The facts as of a day, written down."""
    facts = make_facts(warehouse, today, read_policy(warehouse.home))
    for table, rows in facts.items():
        warehouse.replace(table, rows)
    return facts


def of(rows: pl.DataFrame, track: str, population: str, slice_: str, feature: str) -> pl.DataFrame:
    named = zip(KEYS, (track, population, slice_, feature), strict=False)
    return rows.filter(*(pl.col(key) == value for key, value in named))


def test_facts_are_of_the_rows_that_they_name(facts_made: Warehouse) -> None:
    watched = facts_made
    profile, drift = watched.read(PROFILE), watched.read(DRIFT)
    assert profile.select(KEYS).is_duplicated().sum() == 0
    assert drift.select(*KEYS, "method").is_duplicated().sum() == 0
    assert set(drift["population"]) == {"listings", "sales", "asked"}
    assert set(drift["track"]) == {"all", "off_market", "at_listing", "on_market"}
    # The rows of a month, and the reference, by hand.
    matrix = watched.read("features.matrix").filter(
        (pl.col("role") == "sale")
        & pl.col("excluded_by").is_null()
        & pl.col("hedonic_log_value").is_not_null()
    )
    end = pl.max_horizontal(
        pl.col("known_at"), pl.col("close_date").cast(pl.Datetime("us")) + pl.duration(days=1)
    )
    known = matrix.filter(end < pl.lit(UNTIL).cast(pl.Datetime("us")))["ln_living_area"]
    january = matrix.filter(pl.col("close_date").dt.strftime("%Y-%m") == "2023-01")
    told = of(drift, *ONE).filter(pl.col("month") == date(2023, 1, 1))
    ks = told.filter(pl.col("method") == "ks").row(0, named=True)
    assert (ks["n"], ks["n_reference"], ks["judged"]) == (len(january), len(known), True)
    said = ks_2samp(known.drop_nulls(), january["ln_living_area"].drop_nulls())
    assert ks["value"] == pytest.approx(said.statistic, abs=1e-12)
    assert set(told["reference"]) == {f"{_champion(watched)} until {UNTIL}"}
    # Homes asked about, and those of which the model did not speak.
    asked = of(profile, "off_market", "asked", "all", "predicted_log_value").row(0, named=True)
    valued = watched.read("serving.valuations")
    assert (asked["n"], asked["n_filled"]) == (len(valued), valued["value"].count())


def test_a_second_run_takes_over_what_has_not_changed(watched: Warehouse) -> None:
    first = made(watched)
    again = made(watched)
    assert all(again[table].equals(first[table]) for table in first)
    # What was measured of a month that stands is not measured again ...
    december, month = date(2022, 12, 1), date(2023, 1, 1)
    with watched.transaction() as tx:
        tx.conn.execute(
            "UPDATE monitoring.drift SET value = 0.123 WHERE feature = 'ln_living_area' "
            "AND population = 'sales' AND method = 'ks' AND NOT in_reference"
        )
        # ... and that of one whose rows are others is.
        tx.conn.execute(
            "UPDATE features.matrix SET basis = 'another', ln_living_area = ln_living_area + 1 "
            "WHERE role = 'sale' AND date_trunc('month', close_date) = DATE '2023-01-01'"
        )
    third = of(made(watched)[DRIFT], *ONE).filter(pl.col("method") == "ks")
    values = dict(third.filter(~pl.col("in_reference")).select("month", "value").iter_rows())
    assert values[december] == 0.123
    assert values[month] > 0.5


def test_a_fresh_home_and_one_that_has_grown_say_the_same_of_sales(watched: Warehouse) -> None:
    made(watched, date(2023, 1, 10))
    grown = made(watched)[DRIFT].filter(pl.col("population") != "asked")
    with watched.transaction() as tx:
        tx.conn.execute("DROP TABLE monitoring.drift")
    fresh = made(watched)[DRIFT].filter(pl.col("population") != "asked")
    assert grown.equals(fresh)


def test_a_run_as_of_an_earlier_day_leaves_later_months_alone(watched: Warehouse) -> None:
    before = made(watched)
    day = date(2023, 1, 10)
    back = made(watched, day)
    for table in (PROFILE, DRIFT):
        later = pl.col("month") > day.replace(day=1)
        counted = ["q_value", "n_consecutive"]
        one, other = (
            facts[table].filter(later).drop(counted, strict=False) for facts in (before, back)
        )
        assert one.equals(other)
    january = of(back[PROFILE], *ONE).filter(pl.col("month") == date(2023, 1, 1))
    sold = watched.read("features.matrix").filter(pl.col("role") == "sale")
    early = sold.filter(pl.col("close_date").is_between(date(2023, 1, 1), date(2023, 1, 8)))
    assert 0 < january["n"].sum() <= len(early)
    assert made(watched)[DRIFT].equals(before[DRIFT])


def test_homes_asked_about_in_another_month_stay_as_they_were(watched: Warehouse) -> None:
    first = made(watched)[DRIFT].filter(pl.col("population") == "asked")
    with watched.transaction() as tx:
        for table in ("features.matrix", "serving.valuations"):
            where = "WHERE role = 'active'" if table == "features.matrix" else ""
            tx.conn.execute(f"UPDATE {table} SET as_of = DATE '2023-04-03' {where}")
    grown = made(watched, date(2023, 4, 3))[DRIFT].filter(
        pl.col("population") == "asked", pl.col("track") == "off_market"
    )
    months = grown["month"].unique().sort().to_list()
    assert months == [date(2023, 3, 1), date(2023, 4, 1)]
    stayed = grown.filter(pl.col("month") == months[0])
    assert stayed.equals(first.filter(pl.col("track") == "off_market"))


def test_without_a_champion_nothing_is_judged(watched: Warehouse) -> None:
    with watched.transaction() as tx:
        tx.conn.execute("DELETE FROM promotion.aliases")
    facts = made(watched)
    assert len(facts[PROFILE]) > 1000
    assert facts[DRIFT].is_empty()
    assert set(facts[PROFILE]["reference"]) == {"none"}


def test_the_order_of_rows_in_the_warehouse_changes_no_bit(watched: Warehouse) -> None:
    first = made(watched)
    with watched.transaction() as tx:
        for table in ("features.matrix", "staging.listings", "modeling.predictions"):
            tx.conn.execute(f"CREATE OR REPLACE TABLE {table} AS FROM {table} ORDER BY random()")
        tx.conn.execute("DROP TABLE monitoring.drift")
    again = made(watched)
    assert all(again[table].equals(first[table]) for table in first)


def test_signals_stand_beside_what_single_features_say(facts_made: Warehouse) -> None:
    drift = facts_made.read(DRIFT)
    assert {"domain_auc", "attribution_distance", "attribution_share"} <= set(drift["method"])
    apart = drift.filter(pl.col("method") == "domain_auc", pl.col("track") == "off_market")
    assert apart["n_usual"].min() >= 3
    assert apart["value"].is_between(0.3, 0.7).all()
    assert apart.filter("judged")["drivers"].null_count() == 0
    # The champion's months of sales are over: they were bet on, and errors were expected of them.
    bets = facts_made.read("monitoring.exchangeability").filter(~pl.col("in_reference"))
    assert set(bets["month"]) >= {date(2023, 1, 1), date(2023, 2, 1)}
    expected = facts_made.read("monitoring.expected_errors").filter(pl.col("population") == "sales")
    assert expected["realised"].null_count() == 0
    assert (expected["low"] <= expected["expected"]).all()


def test_signals_of_months_that_stand_are_not_made_again(
    facts_made: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {table: facts_made.read(table) for table in (*TABLES, DRIFT)}

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a month that stands was measured again")

    monkeypatch.setattr(attributions, "mean_sizes", never)
    monkeypatch.setattr(domain, "tell_apart", never)
    signals = make_signals(facts_made, Making(TODAY, seed=7))
    assert all(signals[table].equals(first[table]) for table in TABLES)
    assert make_facts(facts_made, TODAY, read_policy(facts_made.home))[DRIFT].equals(first[DRIFT])


def _champion(warehouse: Warehouse) -> str:
    names = warehouse.read("promotion.aliases").filter(
        pl.col("name") == "realty-off-market", pl.col("alias") == "champion"
    )
    return names["model_version"][0]


def test_a_calm_market_has_nothing_critical(facts_made: Warehouse) -> None:
    drift = facts_made.read(DRIFT)
    assert drift["judged"].sum() > 5000
    assert (
        drift.filter(pl.col("severity") == "critical").select(*KEYS, "method", "value").rows() == []
    )


def test_what_is_injected_is_found_in_its_month_and_nothing_else(watched: Warehouse) -> None:
    """Photos missing, a new subdivision, a broken field, and prices that have turned."""
    with watched.transaction() as tx:
        tx.conn.execute(
            "UPDATE staging.listings SET photos_count = 0, garage_spaces = NULL, "
            "list_price = list_price * 0.8, subdivision_name = CASE WHEN hash(listing_key) % 3 = 0 "
            "THEN 'Brand New Acres' ELSE subdivision_name END WHERE known_at >= DATE '2023-02-01'"
        )
    drift = made(watched)[DRIFT].filter(
        pl.col("population") == "listings", pl.col("severity") == "critical"
    )
    assert set(drift["month"]) == {date(2023, 2, 1)}
    found = set(drift.select("feature", "method").iter_rows())
    assert found >= {
        ("photos_count", "psi"),
        ("subdivision_name", "unseen_share"),
        ("garage_spaces", "null_share"),
        ("list_price", "ks"),
    }
    assert {feature for feature, _ in found} == {
        "photos_count",
        "subdivision_name",
        "garage_spaces",
        "list_price",
    }
