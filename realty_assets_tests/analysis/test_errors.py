"""Error anatomy on rows whose errors are known."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from realty_assets.analysis.errors import EVIDENCE, judged, segment_errors, worst_misses


def tables(n: int = 240) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Predictions 10% high in area A and 20% low in area B, with their walk and sales."""
    key = [f"L{i:04d}" for i in range(n)]
    price = np.linspace(200_000, 400_000, n)
    area = np.where(np.arange(n) % 3 == 0, "B", "A")
    predictions = pl.DataFrame(
        {
            "listing_key": key,
            "cutoff": [date(2022, 1 + i % 2, 1) for i in range(n)],
            "close_date": date(2022, 1, 20),
            "close_price": price,
            "prediction": price * np.where(area == "A", 1.1, 0.8),
            "postal_code": area,
            "excluded_by": ["sale.test" if i % 40 == 0 else None for i in range(n)],
            "is_headline": True,
        }
    ).with_columns(lower_90=pl.col("prediction") * 0.85, upper_90=pl.col("prediction") * 1.15)
    walked = predictions.select("listing_key", "cutoff", "close_price").with_columns(
        *(pl.lit(float(i)).alias(name) for i, name in enumerate(EVIDENCE)),
        age_years=pl.Series(np.arange(n) % 60, dtype=pl.Float64),
    )
    walked = walked.with_columns(comps_distance_km=pl.Series(np.linspace(0.1, 5, n)))
    sales = pl.DataFrame({"listing_key": key, "property_type": "Residential"})
    return predictions, walked, sales


def test_segments_have_their_own_figures_and_small_ones_none() -> None:
    rows = judged(*tables())
    table = segment_errors(rows, seed=1, n_draws=100)
    named = {(r["segmentation"], r["segment"]): r for r in table.to_dicts()}
    assert named["area", "A"]["mdape"] == pytest.approx(0.1)
    assert named["area", "B"]["mdape"] == pytest.approx(0.2)
    assert named["area", "B"]["median_ratio"] == pytest.approx(0.8)
    assert named["area", "B"]["mean_abs_log_error"] == pytest.approx(-np.log(0.8))
    assert named["all", "all sales"]["n"] == 240
    small = named["validity", "excluded sales"]
    assert (small["n"], small["note"], small["mdape"]) == (6, "n too small", None)
    assert named["new build", "new build"]["n"] == 8
    assert named["thin market", "farthest tenth of comparables"]["n"] in (24, 25)
    assert named["type", "Residential"]["n"] == 240
    assert named["age in years", "5 to 19"]["n"] == 60
    for kind in {kind for kind, _ in named} - {"validity"}:
        assert sum(r["n"] for (k, _), r in named.items() if k == kind) == 240, kind
    for row in table.drop_nulls("mdape").to_dicts():
        assert row["mdape_low"] <= row["mdape"] <= row["mdape_high"]


def test_the_worst_come_first_with_their_evidence() -> None:
    table = worst_misses(judged(*tables()), 50)
    assert table["rank"].to_list() == list(range(1, 51))
    assert (table["ratio"] - 0.8).abs().max() < 1e-12
    assert not table["inside_90"].any()
    assert table["alike_weight_400m"].null_count() == 0
    assert table["comps_estimate_usd"].null_count() == 0
    size = table["log_error"].abs().to_list()
    assert size == sorted(size, reverse=True)
    shuffled = [frame.sample(fraction=1.0, shuffle=True, seed=2) for frame in tables()]
    assert worst_misses(judged(*shuffled), 50).equals(table)


def test_only_the_headline_is_judged_and_missing_columns_are_null() -> None:
    predictions, walked, sales = tables()
    half = predictions.with_columns(is_headline=pl.int_range(pl.len()) < 100)
    rows = judged(half, walked.drop("comps_spread"), sales.drop("property_type"))
    assert len(rows) == 100
    assert rows["comps_spread"].null_count() == 100
    kinds = segment_errors(rows, seed=1, n_draws=20).filter(pl.col("segmentation") == "type")
    assert kinds["segment"].to_list() == ["unknown"]
    nothing = judged(half.filter(~pl.col("is_headline")), walked, sales)
    assert segment_errors(nothing, seed=1, n_draws=20).is_empty()
    assert worst_misses(nothing, 50).is_empty()
