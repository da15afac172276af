"""Which months are common to two models, and what becomes of the evidence of earlier pairs."""

from __future__ import annotations

from datetime import date

import polars as pl

from realty_assets.evaluation.splits import Fold
from realty_assets.promotion.rescoring import (
    SCHEMA,
    common_months,
    kept_pairs,
    paired_rows_of,
    sha256,
    with_pairs,
)


def rows(candidate: str, champion: str, *keys: str) -> pl.DataFrame:
    told = {"name": "m", "model_version": candidate, "champion_version": champion}
    found = pl.DataFrame([{**told, "listing_key": key} for key in keys])
    missing = [pl.lit(None, dtype=kind).alias(k) for k, kind in SCHEMA.items() if k not in found]
    return found.with_columns(missing).select(*SCHEMA)


def test_only_months_that_begin_on_or_after_the_champions_cutoff_count() -> None:
    months = [date(2024, month, 1) for month in (1, 2, 3)]
    walked = pl.DataFrame({"cutoff": [*months, *months]})
    last, only = Fold(months[1], months[2]), Fold(months[2], date(2024, 4, 1))
    assert common_months(walked, date(2024, 2, 1)) == [last, only]
    assert common_months(walked, date(2024, 2, 2)) == [only]
    assert common_months(walked, date(2024, 3, 2)) == []


def test_a_pair_gives_way_to_itself_and_others_stay() -> None:
    table = pl.concat([rows("b", "a", "1", "2"), rows("c", "a", "1")])
    anew = with_pairs(table, {("m", "c", "a"): rows("c", "a", "1", "3")})
    assert anew.select("model_version", "listing_key").rows() == [
        *[("b", "1"), ("b", "2")],
        *[("c", "1"), ("c", "3")],
    ]
    assert with_pairs(table, {}).equals(table)
    gone = with_pairs(table, {("m", "b", "a"): paired_rows_of(pl.DataFrame(), "m", "b", "a")})
    assert gone["model_version"].to_list() == ["c"]


def test_pairs_of_old_decisions_go_and_those_of_the_newest_stay() -> None:
    table = pl.concat([rows("b", "a", "1", "2"), rows("c", "a", "1"), rows("d", "c", "1")])
    said = [("m", "a", None), ("m", "b", "a"), ("m", "c", "a"), ("m", "c", "a"), ("m", "d", "c")]
    decisions = pl.DataFrame(
        said, schema=["name", "model_version", "champion_version"], orient="row"
    )

    def kept(keep: int) -> list[str]:
        return kept_pairs(table, decisions, keep)["model_version"].to_list()

    assert kept(1) == ["d"]
    assert kept(3) == ["c", "d"]
    assert kept(4) == ["b", "b", "c", "d"]
    other = rows("z", "y", "1").with_columns(name=pl.lit("n"))
    named = pl.concat(
        [decisions, pl.DataFrame({"name": "n", "model_version": "z", "champion_version": "y"})]
    )
    assert kept_pairs(pl.concat([table, other]), named, 1)["model_version"].to_list() == ["d", "z"]


def test_the_hash_is_of_what_was_said() -> None:
    one = rows("b", "a", "1").with_columns(value=pl.lit(2e5))
    assert sha256(one) == sha256(one.clone())
    assert sha256(one) != sha256(one.with_columns(value=pl.lit(2.1e5)))
