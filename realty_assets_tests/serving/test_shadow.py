"""What the challenger says of a batch: each home once, ranked; a batch gives way only to itself."""

from __future__ import annotations

from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.serving.shadow import SCHEMA, compared, with_batches

DAY = date(2024, 6, 1)
VALUES = st.lists(
    st.tuples(st.none() | st.floats(1e4, 1e7), st.none() | st.floats(1e4, 1e7)), max_size=20
)


def batch_of(
    values: list, champion: str = "m1", shadow: str = "m2", day: date = DAY
) -> pl.DataFrame:
    keys = [f"L{n}" for n in range(len(values))]
    home = {"source": "har", "property_key": keys, "listing_key": keys}
    batch = pl.DataFrame(
        {
            **home,
            "track": "off_market",
            "as_of": day,
            "champion_version": champion,
            "champion_value": pl.Series([one for one, _ in values], dtype=pl.Float64),
        }
    ).with_columns(source=pl.lit("har"))
    said = batch.select("source", "property_key", "listing_key").with_columns(
        value=pl.Series([two for _, two in values], dtype=pl.Float64),
        reason=pl.lit(None, pl.String),
    )
    return compared(batch, said, shadow)


@given(VALUES)
def test_every_home_is_there_once_and_the_widest_apart_first(values: list) -> None:
    rows = batch_of(values)
    assert rows.schema == pl.Schema(SCHEMA)
    assert sorted(rows["listing_key"]) == sorted(f"L{n}" for n in range(len(values)))
    both = rows.filter(pl.col("disagreement_rank").is_not_null()).sort("disagreement_rank")
    assert len(both) == sum(None not in pair for pair in values)
    assert both["disagreement_rank"].to_list() == list(range(1, len(both) + 1))
    apart = (both["shadow_value"] / both["champion_value"]).log().abs()
    assert apart.is_sorted(descending=True)
    assert both["difference_usd"].equals(
        (both["shadow_value"] - both["champion_value"]).alias("difference_usd")
    )


def test_a_batch_takes_its_own_place_and_the_newest_are_kept() -> None:
    empty = pl.DataFrame(schema=SCHEMA)
    days = [date(2024, 6, day) for day in (1, 2, 3)]
    table = empty
    for day in days:
        table = with_batches(table, [batch_of([(1e5, 1.1e5)], day=day)], 2)
        assert with_batches(table, [batch_of([(1e5, 1.1e5)], day=day)], 2).equals(table)
    assert table["as_of"].to_list() == days[1:]
    anew = with_batches(table, [batch_of([(1e5, 1.3e5), (1e5, None)], day=days[2])], 2)
    assert anew.filter(as_of=days[2])["shadow_value"].to_list() == [1.3e5, None]
    assert with_batches(table, [], 2).equals(table)
    other = with_batches(table, [batch_of([(1e5, 1.1e5)], shadow="m3", day=days[2])], 3)
    assert len(other) == 3
    assert with_batches(empty, [], 2).is_empty()
