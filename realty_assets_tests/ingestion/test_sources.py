"""Mappings: the built-in ones, recognition by headings, and errors that name line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from realty_assets.ingestion.sources import (
    Source,
    SourceError,
    UnknownHeadings,
    built_in,
    load_source,
    read_mapping,
    recognise,
)

GOOD = """\
name: mine
version: 1
delivery: daily
time_zone: America/Denver
recognised_by: [Id, Price]
known_at: [{file: arrival}]
private: [Agent]
columns:
  Id: {to: listing_key}
  Price: {to: list_price, as: money}
  Size: {to: living_area, as: number}
"""


def mapping(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_mapping_of_ones_own_is_read(tmp_path: Path) -> None:
    (source,) = load_source(mapping(tmp_path, GOOD))
    assert source.group == "mine"
    assert recognise(["id", " PRICE ", "Size"], (source,)) is source


def test_family_loads_both_forms_and_name_loads_one() -> None:
    assert {source.name for source in load_source("har")} == {"har_matrix", "har_grid"}
    assert [source.name for source in load_source("har_grid")] == ["har_grid"]


def test_unknown_name_lists_the_sources() -> None:
    with pytest.raises(SourceError, match="no source 'hra': choose one of har, hcad, king"):
        load_source("hra")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("as: money", "as: mony", r"line 10, field columns\.Price\.0\.as: "),
        ("living_area", "living_aera", r"line 11, .*'living_aera' is not a column"),
        ("America/Denver", "America/Dever", "time_zone 'America/Dever' is not known"),
        ("[Id, Price]", "[Id, Prize]", "recognised_by names 'Prize', which is not mapped"),
        ("delivery: daily", "delivery: weekly", "line 3, field delivery: "),
        ("private: [Agent]", "private: [Size]", "heading 'Size' is private and mapped"),
        ("to: living_area", "to: list_price", "two headings fill list_price"),
        ("version: 1", "versoin: 1", "field version"),
        ("to: living_area, as: number", "to: close_date, as: date", "a date needs its formats"),
        ("[{file: arrival}]", "[{end_of_day: close_date}]", "'close_date' is needed"),
        ("name: mine", "name: [mine", "line 2 is not valid YAML"),
        ("file: arrival", "file: arrival, column: x", "exactly one of column"),
    ],
)
def test_a_broken_mapping_is_refused_with_line_and_field(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in GOOD
    with pytest.raises(SourceError, match=said):
        read_mapping(mapping(tmp_path, GOOD.replace(old, new)))


def test_unknown_headings_name_the_nearest_source_and_what_is_missing() -> None:
    found = recognise(["MLS Number", "Status", "List Price", "List Date"])
    assert isinstance(found, UnknownHeadings)
    assert found.nearest == "har_matrix"
    assert found.missing == ("Close Price", "Close Date", "Building SqFt")


def test_real_headings_are_recognised(shared_data: Path) -> None:
    wanted = {"har_matrix.csv": "har_matrix", "har_matrix_grid.csv": "har_grid"}
    for name, source_name in wanted.items():
        text = (shared_data / "headers" / name).read_text(encoding="utf-8-sig")
        found = recognise(text.strip().split(","))
        assert isinstance(found, Source)
        assert found.name == source_name
        known = {heading.casefold() for heading in (*found.columns, *found.private)}
        assert all(
            name.casefold() in {h.casefold() for h in text.strip().split(",")} for name in known
        )


@pytest.mark.parametrize(
    "name", ["redfin", "redfin_older", "reso_csv", "hcad_real_acct", "hcad_building_res"]
)
def test_headings_of_other_built_in_sources(shared_data: Path, name: str) -> None:
    text = (shared_data / f"headers/{name}.csv").read_text(encoding="utf-8-sig")
    headings = text.strip().split(",")
    found = recognise(headings)
    assert isinstance(found, Source)
    assert found.name == name
    if not name.startswith("reso"):
        # RESO's names are a dictionary, of which a feed sends some.
        assert {*found.columns, *found.private} <= set(headings)


def test_other_vendors_headings_are_not_taken_for_ours(shared_data: Path) -> None:
    for name in ("paragon_vancouver.csv", "homeharvest.csv", "recolorado_matrix.csv"):
        text = (shared_data / "headers" / name).read_text(encoding="utf-8-sig")
        assert isinstance(recognise(text.strip().split(",")), UnknownHeadings)


def test_the_mapping_hash_follows_how_rows_are_read(tmp_path: Path) -> None:
    plain = read_mapping(mapping(tmp_path, GOOD))
    told = read_mapping(mapping(tmp_path, GOOD + "description: told\n"))
    other = read_mapping(mapping(tmp_path, GOOD.replace("as: number", "as: money")))
    assert plain.mapping_hash == told.mapping_hash != other.mapping_hash


def test_agents_offices_and_remarks_are_private_in_every_built_in_mapping() -> None:
    for source in built_in():
        mapped = " ".join(source.columns).casefold()
        assert not any(word in mapped for word in ("agent", "office", "remarks", "owner "))
