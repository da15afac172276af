"""Values of a day of the past: by a model of that very day, from what was known before it."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from realty_assets.serving.on_demand import NOT_ON_RECORD, NotThatDay
from realty_assets.serving.request_homes import UNRECORDED
from realty_assets.serving.speaking import OF_THAT_DAY, NoModelOfThatDay
from realty_assets.warehouse import Warehouse
from realty_assets_tests.frames import put
from realty_assets_tests.serving.homes import TODAY
from realty_assets_tests.serving.requests import ALONE, asked


def test_nothing_known_at_or_after_the_day_reaches_a_value_of_that_day(
    warehouse: Warehouse,
) -> None:
    """Values of a day stay the same to the bit when all that came later is changed."""
    day = date(2021, 12, 1)
    rows = [
        {**ALONE},
        {"property_key": "H00100"},
        {"listing_key": "A1"},
        {"listing_key": "A1", **ALONE},
    ]
    before = asked(warehouse, *rows, as_of=day)
    assert before.speaker.valuer.cutoff == day
    assert "trained for this request" in before.speaker.note
    later = (pl.col("known_at") >= datetime(2021, 12, 1)) | (pl.col("close_date") >= day)
    for table in ("clean.sales", "features.matrix"):
        frame = warehouse.read(table)
        assert frame.filter(later).height > 10
        price = pl.when(later).then(pl.col("close_price") * 3).otherwise("close_price")
        put(warehouse, table, frame.with_columns(close_price=price))
    versions = warehouse.read("clean.listing_versions")
    area = (
        pl.when(pl.col("known_at") >= datetime(2021, 12, 1)).then(9000.0).otherwise("living_area")
    )
    put(warehouse, "clean.listing_versions", versions.with_columns(living_area=area))
    after = asked(warehouse, *rows, as_of=day)
    assert after.frame.to_dicts() == before.frame.to_dicts()
    assert before.frame["reason"].to_list() == [None, None, NOT_ON_RECORD, None]
    assert str(before.frame["note"][0]).endswith("has passed no gates")
    assert str(before.frame["note"][3]).startswith(UNRECORDED)
    assert before.frame["value"][3] == before.frame["value"][0]


def test_a_model_of_a_day_is_trained_once_and_found_again(warehouse: Warehouse) -> None:
    day = date(2021, 12, 1)
    first = asked(warehouse, {**ALONE}, as_of=day)
    memory = list((warehouse.home / "models" / OF_THAT_DAY).iterdir())
    assert len(memory) == 1
    folder = warehouse.home / "models" / first.speaker.valuer.content_hash
    stamp = (folder / "manifest.json").stat().st_mtime_ns
    again = asked(warehouse, {**ALONE}, as_of=day)
    assert again.frame.to_dicts() == first.frame.to_dicts()
    assert (folder / "manifest.json").stat().st_mtime_ns == stamp
    (folder / "member_0.ubj").write_bytes(b"broken")
    assert asked(warehouse, {**ALONE}, as_of=day).frame.to_dicts() == first.frame.to_dicts()
    assert list((warehouse.home / "models" / OF_THAT_DAY).iterdir()) == memory


def test_the_champion_speaks_for_days_from_its_own_on(warehouse: Warehouse) -> None:
    champion = asked(warehouse, {**ALONE}).speaker.valuer
    assert asked(warehouse, {**ALONE}, as_of=TODAY).speaker.valuer.model_version == (
        champion.model_version
    )
    with pytest.raises(NotThatDay, match=r"2022-01-02 lies after 2022-01-01"):
        asked(warehouse, {**ALONE}, as_of=date(2022, 1, 2))
    with pytest.raises(NoModelOfThatDay, match=r"No model of 2021-02-01.*Give a later --as-of"):
        asked(warehouse, {**ALONE}, as_of=date(2021, 2, 1))
