"""An assessor's study by group: figures that the single statistics give, or none."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from realty_assets.evaluation import acceptable
from realty_assets.evaluation import ratio_study as rs
from realty_assets.evaluation.assessment import SCHEMA, study


def roll(n: int = 200, spread: float = 0.1, seed: int = 1) -> pl.DataFrame:
    luck = np.random.default_rng(seed)
    price = np.exp(luck.normal(12.5, 0.4, n))
    return pl.DataFrame(
        {
            "value": price * 0.95 * np.exp(luck.normal(0, spread, n)),
            "adjusted_price": price,
            "class": ["House"] * (n - 40) + [None] * 20 + ["Condo"] * 20,
            "neighbourhood": luck.choice(["North", "South"], n),
        }
    )


def test_groups_have_the_figures_of_their_own_rows() -> None:
    rows = roll()
    got = study(rows, n_draws=50, n_draws_of_groups=20)
    assert got.columns == list(SCHEMA)
    for group in ("North", "South"):
        mine = rows.filter(pl.col("neighbourhood") == group)
        row = got.filter((pl.col("family") == "neighbourhood") & (pl.col("group") == group))
        v, p = mine["value"].to_numpy(), mine["adjusted_price"].to_numpy()
        assert row["n"].item() == len(mine)
        assert row["cod"].item() == pytest.approx(rs.cod(v, p))
        assert row["cod_low"].item() < row["cod"].item() < row["cod_high"].item()
        assert row["median_ratio_acceptable"].item() is True


def test_a_group_of_under_thirty_has_no_figure_and_all_groups_of_a_family_add_up() -> None:
    got = study(roll(), n_draws=20, n_draws_of_groups=10)
    for (family,), rows in got.group_by("family"):
        assert rows["n"].sum() == 200, family
    small = got.filter(pl.col("n") < 30)
    assert set(small["note"]) == {"n too small"}
    assert small["cod"].null_count() == len(small) > 0
    assert "not known" in got["group"].to_list()


def test_values_that_chase_sales_are_hinted_at() -> None:
    got = study(roll(spread=0.02), n_draws=20, n_draws_of_groups=10)
    assert "sales chasing" in got.row(0, named=True)["note"]
    assert study(roll(), n_draws=20, n_draws_of_groups=10).row(0, named=True)["note"] == ""


def test_families_that_say_the_same_twice_are_left_out() -> None:
    rows = roll().with_columns(pl.lit("House").alias("class"))
    found = study(rows, n_draws=10, n_draws_of_groups=10)["family"].unique().to_list()
    assert sorted(found) == ["all", "neighbourhood"]


def test_the_order_of_rows_does_not_matter() -> None:
    rows = roll()
    again = study(rows.reverse(), n_draws=20, n_draws_of_groups=10)
    assert again.equals(study(rows, n_draws=20, n_draws_of_groups=10))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("cod", 5.0, True),
        ("cod", 4.99, False),
        ("prd", 1.031, False),
        ("prb", -0.05, True),
        ("vei", 3.0, None),
        ("cod", None, None),
    ],
)
def test_acceptable_ranges(name, value, says) -> None:
    assert acceptable.within(name, value) is says
