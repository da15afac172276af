"""Tables of the market report as tests make them, and ways to read the page."""

from __future__ import annotations

import html
import json
import re
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from realty_assets.modeling.backtest import metrics
from realty_assets.warehouse import Warehouse
from realty_assets_tests.frames import closed, put, stage

HOSTILE = "<script>alert('x')</script> 12 \"Oak\" Lane"


APRIL = date(2024, 4, 1)


def predictions(n: int = 180, placed: bool = True) -> pl.DataFrame:
    """modeling.predictions of three months, a tenth of them excluded."""
    rng = np.random.default_rng(3)
    price = np.exp(rng.normal(12.6, 0.4, n))
    value = price * np.exp(rng.normal(0, 0.09, n))
    day = [APRIL + timedelta(days=i % 90) for i in range(n)]
    return pl.DataFrame(
        {
            "backtest_id": ["off_market 2024-04 2024-06"] * n,
            "is_headline": [True] * n,
            "listing_key": [f"L{i}" for i in range(n)],
            "parcel_number": [None] * n,
            "close_date": day,
            "close_price": price,
            "prediction": value,
            "lower_90": value * 0.85,
            "upper_90": value * 1.18,
            "track": ["off_market"] * n,
            "as_of": day,
            "cutoff": [each.replace(day=1) for each in day],
            "model_version": ["m1"] * n,
            "excluded_by": ["sale.not_exposed" if i % 10 == 0 else None for i in range(n)],
            "latitude": rng.normal(29.8, 0.1, n) if placed else [None] * n,
            "longitude": rng.normal(-95.4, 0.1, n) if placed else [None] * n,
            "postal_code": ["77001" if i % 2 else "77002" for i in range(n)],
        },
        schema_overrides={
            "parcel_number": pl.String,
            "latitude": pl.Float64,
            "longitude": pl.Float64,
        },
    )


def valuations(placed: bool = True, listed: bool = True) -> pl.DataFrame:
    """serving.valuations of five homes with a value and one without."""
    rows = [
        {
            "property_key": f"p{i}",
            "listing_key": f"A{i}",
            "source": "har",
            "track": "off_market",
            "as_of": date(2024, 7, 2),
            "value": None if i == 5 else 300_000.0 + 50_000 * i,
            "lower_90": None if i == 5 else 250_000.0 + 50_000 * i,
            "upper_90": None if i == 5 else 360_000.0 + 50_000 * i,
            "model_version": "m1",
            "reason": "no living area on record" if i == 5 else None,
            "list_price": 310_000.0 if listed else None,
            "unparsed_address": HOSTILE if i == 4 else f"{i} Elm Street",
            "city": "Houston",
            "postal_code": "77001",
            "latitude": 29.7 + i / 100 if placed else None,
            "longitude": -95.4 if placed else None,
            "living_area": 2000.0,
            "bedrooms_total": 3,
            "bathrooms_total": 2.5,
            "year_built": 1990,
        }
        for i in range(6)
    ]
    floats = ("value", "lower_90", "upper_90", "list_price", "latitude", "longitude")
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(floats, pl.Float64))


def files() -> pl.DataFrame:
    row = {
        "source": "har",
        "status": "staged",
        "rows_read": 100,
        "rows_staged": 92,
        "rows_quarantined": 5,
        "rows_unchanged": 3,
        "reason": None,
    }
    nothing = dict.fromkeys(("rows_read", "rows_staged", "rows_quarantined", "rows_unchanged"), 0)
    refused = {**row, **nothing, "status": "refused", "reason": "It has <b>no</b> header."}
    return pl.DataFrame([{**row, "file_name": "a.csv"}, {**refused, "file_name": "<i>.csv"}])


def decided(verdicts: dict[str, str]) -> dict[str, pl.DataFrame]:
    """Models, decisions and aliases: a version, and whether it was promoted or is challenger."""
    gate = {"name": "median ratio", "requirement": ">= 0.85", "seen": 0.99, "passed": True}
    named = [{"name": "realty-off-market", "model_version": version} for version in verdicts]
    facts = {"track": "off_market", "cutoff": APRIL, "n_train": 900, "n_calibration": 300}
    alias = {"promote": "champion", "inconclusive": "challenger"}
    return {
        "modeling.models": pl.DataFrame([{**each, **facts} for each in named]),
        "promotion.decisions": pl.DataFrame(
            [
                {
                    **each,
                    "decision_id": each["model_version"],
                    "verdict": verdict,
                    "reason": f"Because of {each['model_version']}.",
                    "gates": json.dumps([gate]),
                    "approval": None,
                    "decided_at": datetime(2024, 5, 1),
                }
                for each, verdict in zip(named, verdicts.values(), strict=True)
            ]
        ),
        "promotion.aliases": pl.DataFrame(
            [
                {**each, "alias": alias[verdict]}
                for each, verdict in zip(named, verdicts.values(), strict=True)
            ]
        ),
    }


def other_track(judged: pl.DataFrame, track: str) -> pl.DataFrame:
    """modeling.backtests of the same sales as another track would have it, half as far off."""
    nearer = pl.col("close_price") + (pl.col("prediction") - pl.col("close_price")) / 2
    rows = judged.with_columns(
        prediction=nearer, track=pl.lit(track), backtest_id=pl.lit(f"{track} 2024-04 2024-06")
    )
    return metrics(rows, n_draws=40).with_columns(is_headline=True)


def beside(backtests: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Tables that the report sets beside the headline, and those that name other pages."""
    headline = backtests.filter(pl.col("slice") == "all").to_dicts()
    ids = {row["track"]: row["backtest_id"] for row in headline}
    (own,) = (row for row in headline if row["track"] == "off_market")
    shown = ("mdape", "ppe10", "r2", "cod")
    figures = {
        f"{key}{end}": own.get(f"{key}{end}") for key in shown for end in ("", "_low", "_high")
    }
    base = {"track": "off_market", "backtest_id": ids["off_market"], "n": own["n"], **figures}
    plain = {"own_share": 0.5, "error_difference": 0.04, "error_difference_low": 0.03}
    model = dict.fromkeys((*plain, "error_difference_high", "verdict"))
    ridge = {**plain, "error_difference_high": 0.05, "verdict": "model better", "mdape": 0.1234}
    of_interval = {
        name: own.get(name.replace("coverage", "coverage_90"))
        for key in ("coverage", "median_width_ratio", "winkler_ratio")
        for name in (key, f"{key}_low", f"{key}_high")
    }
    spans = {
        f"{end}_{of}_coverage": 0.8 for end in ("lowest", "highest") for of in ("quartile", "month")
    }
    methods = [
        {
            "backtest_id": name,
            "track": track,
            "method": method,
            "n": own["n"],
            **of_interval,
            **spans,
        }
        for track, name in ids.items()
        for method in ("static", "rolling", "adaptive", "symmetric")
    ]
    opened = [
        {"backtest_id": name, "track": track, "candidate": f"c{i}", "n_tried": 7 + i}
        for track, name in ids.items()
        for i in range(3)
    ]
    floats = dict.fromkeys((*figures, *model, *plain), pl.Float64) | {"verdict": pl.String}
    pages = {
        "exploration.reports": [
            ("overview", "exploration/overview"),
            ("drift", "exploration/drift"),
        ],
        "analysis.takeaways": [("takeaways", "analysis/takeaways")],
        "serving.evaluation_reports": [("evaluation", "evaluation")],
    }
    listed = valuations().with_columns(track=pl.lit("on_market"))
    return {
        "modeling.baselines": pl.DataFrame(
            [
                {**base, "slice": name, "baseline": baseline, **more}
                for name in ("all", "valid")
                for baseline, more in (("ridge hedonic", ridge), ("model", model))
            ],
            schema_overrides=floats,
        ),
        "modeling.interval_methods": pl.DataFrame(methods, infer_schema_length=None),
        "modeling.openings": pl.DataFrame(opened),
        "serving.listing_valuations": listed,
        **{
            table: pl.DataFrame(
                [{"name": name, "path": f"reports/{path}.html"} for name, path in rows]
            )
            for table, rows in pages.items()
        },
    }


def tables(judged: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Every table that the report reads but staging.listings, around these predictions."""
    sales = judged.with_columns(
        pl.lit("har").alias("source"),
        pl.lit("Harris").alias("county_or_parish"),
        pl.lit("TX").alias("state_or_province"),
    )
    months = [date(2023, month, 1) for month in range(1, 13)]
    own = metrics(judged, n_draws=40).with_columns(is_headline=True)
    backtests = pl.concat([own, other_track(judged, "on_market")], how="diagonal_relaxed")
    return {
        "ledger.files": files(),
        "staging.quarantine": pl.DataFrame(
            {
                "rule_ids": [["price.token"]] * 5 + [["price.token", "price.rent"]],
                "resolution": ["released", "open", "open", "open", "discarded", "open"],
            }
        ),
        "clean.sales": sales,
        "clean.exclusions": judged.drop_nulls("excluded_by").select(
            pl.col("excluded_by").alias("rule_id")
        ),
        "features.market_index": pl.DataFrame(
            {
                "vintage": [date(2023, 11, 1)] * 12,
                "month": months,
                "index_log": [0.01 * i for i in range(12)],
                "n_sales": [20] * 10 + [0, 0],
                "forecast": [False] * 10 + [True, True],
            }
        ),
        "modeling.predictions": judged,
        "modeling.backtests": backtests,
        **beside(backtests),
        **decided({"m1": "promote"}),
        "serving.valuations": valuations(),
    }


def fill(warehouse: Warehouse) -> None:
    stage(warehouse, [{**closed("L1", APRIL, 3e5), "flags": ["zip.malformed"]}])
    for name, frame in tables(predictions()).items():
        put(warehouse, name, frame)


def figures(page: str) -> dict[tuple[str, str], str]:
    """{(slice, figure): value} as the page states them to machines."""
    found = re.findall(r'data-figure="(\w+)" data-slice="(\w+)" data-value="([^"]*)"', page)
    return {(name, key): value for key, name, value in found}


def words(page: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(
        html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)).split()
    )


def off_market(warehouse: Warehouse) -> list[dict[str, Any]]:
    wanted = (pl.col("slice") == "all") & (pl.col("track") == "off_market")
    return warehouse.read("modeling.backtests").filter(wanted).to_dicts()


def table_of(page: str, id: str) -> list[list[str]]:
    """The rows of a table's body as cells of words."""
    body = re.search(rf'<table id="{id}".*?<tbody>(.*?)</tbody>', page, flags=re.S)
    assert body is not None, id
    return [
        [words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, flags=re.S)]
        for row in re.findall(r"<tr>(.*?)</tr>", body[1], flags=re.S)
    ]
