"""How likely two records tell of one home although neither parcel nor address says so exactly.

Fellegi-Sunter scoring by Splink on DuckDB. The weights are fixed here and never fitted to the data
of a home: a score is a function of its two records alone, so that what becomes known later cannot
change it. Each m is the share of true pairs, each u that of other pairs, at which a level is seen;
they were set on the sample market with planted slips (docs/cleaning.md).
"""

from __future__ import annotations

import logging
from typing import Any

import duckdb
import polars as pl

from realty_assets.statements import sql

RULE_VERSION = "1"
# Among homes of a market, two records drawn at random are of one home this often.
PRIOR = 1e-5
# Log2 odds that a pair must reach; 10 is about 1,000 to 1.
MIN_WEIGHT = 10.0
SCORE_DIGITS = 9
_INPUT = "records"

# name -> levels from the strongest down: (condition, m, u). A null level is put before them.
_NEAR = "distance_km(latitude_l, longitude_l, latitude_r, longitude_r)"
_SAME_WAY = "same_way(prefix_l, suffix_l, prefix_r, suffix_r)"
_LEVELS: dict[str, tuple[str, tuple[tuple[str, float, float], ...]]] = {
    "number": (
        "street_number_l IS NULL OR street_number_r IS NULL",
        (
            ("street_number_l = street_number_r", 0.97, 0.01),
            (
                "damerau_levenshtein(street_number_l, street_number_r) = 1"
                " AND levenshtein(street_number_l, street_number_r) = 2",
                0.01,
                0.005,
            ),
            ("damerau_levenshtein(street_number_l, street_number_r) = 1", 0.01, 0.025),
            ("ELSE", 0.01, 0.96),
        ),
    ),
    "street": (
        "street_name_l IS NULL OR street_name_r IS NULL",
        (
            ("street_l = street_r", 0.85, 0.005),
            (f"street_name_l = street_name_r AND {_SAME_WAY}", 0.06, 0.002),
            (f"alike(street_name_l, street_name_r) AND {_SAME_WAY}", 0.06, 0.004),
            ("alike(street_name_l, street_name_r)", 0.01, 0.01),
            ("ELSE", 0.02, 0.979),
        ),
    ),
    "postal": (
        "postal_code_l IS NULL OR postal_code_r IS NULL",
        (("postal_code_l = postal_code_r", 0.96, 0.02), ("ELSE", 0.04, 0.98)),
    ),
    "place": (
        "latitude_l IS NULL OR latitude_r IS NULL",
        (
            (f"{_NEAR} <= 0.002", 0.50, 0.0002),
            (f"{_NEAR} <= 0.015", 0.20, 0.0005),
            (f"{_NEAR} <= 0.06", 0.20, 0.002),
            (f"{_NEAR} <= 1", 0.07, 0.05),
            ("ELSE", 0.03, 0.9475),
        ),
    ),
    "area": (
        "living_area_l IS NULL OR living_area_r IS NULL",
        (
            ("living_area_l = living_area_r", 0.85, 0.003),
            ("abs(ln(living_area_l / living_area_r)) <= 0.05", 0.10, 0.06),
            ("ELSE", 0.05, 0.937),
        ),
    ),
    "year": (
        "year_built_l IS NULL OR year_built_r IS NULL",
        (
            ("year_built_l = year_built_r", 0.95, 0.03),
            ("abs(year_built_l - year_built_r) <= 1", 0.02, 0.05),
            ("ELSE", 0.03, 0.92),
        ),
    ),
    "lot": (
        "lot_l IS NULL OR lot_r IS NULL",
        (
            ("lot_l = lot_r", 0.80, 0.01),
            ("abs(ln(lot_l / lot_r)) <= 0.05", 0.10, 0.06),
            ("ELSE", 0.10, 0.93),
        ),
    ),
    "rooms": (
        "bedrooms_l IS NULL OR bedrooms_r IS NULL",
        (
            ("bedrooms_l = bedrooms_r AND bathrooms_l IS NOT DISTINCT FROM bathrooms_r", 0.85, 0.1),
            ("ELSE", 0.15, 0.9),
        ),
    ),
    "parcel": (
        "parcel_l IS NULL OR parcel_r IS NULL",
        (("parcel_l = parcel_r", 0.98, 0.00001), ("ELSE", 0.02, 0.99999)),
    ),
}
_SCORED: dict[str, Any] = {
    **{"earlier": pl.Int64, "later": pl.Int64, "weight": pl.Float64, "probability": pl.Float64},
    **{f"gamma_{name}": pl.Int32 for name in _LEVELS},
}
# Pairs that are scored at all. Two parcels, or two units, are two homes: never a question of odds;
# and what shares an exact key, or has no name on either side, has been judged by that alone.
_ADMITTED = (
    "(l.parcel IS NULL OR r.parcel IS NULL OR (l.parcel = r.parcel AND l.source <> r.source))"
    " AND l.unit_or_none = r.unit_or_none"
    " AND (l.named OR r.named)"
    " AND (l.source <> r.source OR l.listing_key <> r.listing_key)"
    " AND (coalesce(l.address_key <> r.address_key, TRUE)"
    " OR l.postal_code IS DISTINCT FROM r.postal_code)"
)
_BLOCKS = (
    "l.street_number = r.street_number AND l.postal_code = r.postal_code",
    "l.street_number = r.street_number AND l.street_name = r.street_name",
    "l.street_number = r.street_number AND l.living_area = r.living_area",
    "l.postal_code = r.postal_code AND l.living_area = r.living_area"
    " AND l.year_built = r.year_built",
    "l.cell = r.cell AND l.living_area = r.living_area",
)


def score_pairs(records: pl.DataFrame, n_threads: int = 1) -> pl.DataFrame:
    """Pairs of records that may be one home: earlier, later (record_number), weight, probability,
    and one gamma_<field> each (0 for disagreement, higher is closer, -1 for not known).

    `records`: one row each, with record_number (unique, in order of knowledge), source,
    listing_key, address_key, parcel, unit, street_number, prefix, street_name, suffix, postal_code,
    latitude, longitude, living_area, lot, year_built, bedrooms, bathrooms.
    """
    conn = duckdb.connect(config={"threads": n_threads})
    try:
        for statement in sql("clean/pair_functions.sql").text.split(";"):
            if statement.strip():
                conn.execute(statement)
        conn.register("told", records.to_arrow())
        conn.execute(f"CREATE TABLE {_INPUT} AS {sql('clean/pair_records.sql').text}")
        if not any(_has_pairs(conn, block) for block in _BLOCKS):
            return pl.DataFrame(schema=_SCORED)
        from splink import Linker
        from splink.backends.duckdb import DuckDBAPI

        linker = Linker(
            DuckDBAPI(connection=conn).register(_INPUT), _settings(), log_level=logging.ERROR
        )
        made = linker.inference.predict(threshold_match_weight=MIN_WEIGHT)
        table = conn.execute(f"SELECT * FROM {made.physical_name}").to_arrow_table()
    finally:
        conn.close()
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return (
        found.rename(
            {
                "record_number_l": "earlier",
                "record_number_r": "later",
                "match_weight": "weight",
                "match_probability": "probability",
            }
        )
        .with_columns(pl.col("weight", "probability").round(SCORE_DIGITS))
        .select(pl.col(name).cast(kind) for name, kind in _SCORED.items())
        .sort("later", "earlier")
    )


def _has_pairs(conn: duckdb.DuckDBPyConnection, block: str) -> bool:
    """Whether there is anything to score; most small markets are told apart exactly."""
    on = f"l.record_number < r.record_number AND {block} AND {_ADMITTED}"
    return bool(
        conn.execute(f"SELECT 1 FROM {_INPUT} l JOIN {_INPUT} r ON {on} LIMIT 1").fetchall()
    )


def _settings() -> Any:
    from splink import SettingsCreator
    from splink.comparison_library import CustomComparison

    def levels(null: str, told: tuple[tuple[str, float, float], ...]) -> list[Any]:
        first: dict[str, Any] = {
            "sql_condition": null,
            "label_for_charts": "not known",
            "is_null_level": True,
        }
        return [first] + [
            {
                "sql_condition": condition,
                "label_for_charts": condition,
                "m_probability": m,
                "u_probability": u,
            }
            for condition, m, u in told
        ]

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_number",
        probability_two_random_records_match=PRIOR,
        comparisons=[
            CustomComparison(output_column_name=name, comparison_levels=levels(null, told))
            for name, (null, told) in _LEVELS.items()
        ],
        blocking_rules_to_generate_predictions=list[Any](
            f"{block} AND {_ADMITTED}" for block in _BLOCKS
        ),
        retain_intermediate_calculation_columns=True,
        retain_matching_columns=True,
    )
