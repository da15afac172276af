"""The invented files of the shared data: counts, faults and refusals as their key says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from realty_assets.ingestion.conservation import contract_breaches, unbalanced
from realty_assets.ingestion.files import FileResult, ingest_file
from realty_assets.ingestion.inbox import deposit
from realty_assets.ingestion.intake import Taken
from realty_assets.ingestion.reading import FileRefused
from realty_assets.ingestion.sources import built_in, load_source
from realty_assets.warehouse import Warehouse

READABLE = (
    "har_matrix_small.csv",
    "har_delta_small.csv",
    "har_grid_small.csv",
    "har_grid_small.csv.gz",
    "har_cp1252_small.csv",
    "har_utf16_tab_small.txt",
    "har_semicolon_small.csv",
    "har_mixed_encoding_small.csv",
    "har_duplicate_headings_small.csv",
    "har_small.xlsx",
    "redfin_small.csv",
    "redfin_padded_note_small.csv",
    "redfin_note_above_header_small.csv",
    "redfin_older_small.csv",
    "reso_small.csv",
    "reso_page_1.json",
    "reso_page_2.json",
    "armls_flexmls_small.csv",
    "paragon_hudson_nj_small.csv",
    "homeharvest_small.csv",
    "hcad_real_acct_small.txt",
    "hcad_building_res_small.txt",
    "hcad_building_res_headerless_small.txt",
)
USER_MAPPINGS = Path(__file__).parent / "user_mappings"
# Read when the source is named.
NAMED = {
    "armls_flexmls_small.csv": USER_MAPPINGS / "armls_flexmls.yaml",
    "paragon_hudson_nj_small.csv": USER_MAPPINGS / "paragon_hudson_nj.yaml",
    "homeharvest_small.csv": USER_MAPPINGS / "homeharvest.yaml",
    "hcad_building_res_headerless_small.txt": "hcad",
}
REFUSED = {
    "bank_statement.csv": "no known source; nearest is",
    "cut_off.csv": "ends in the middle of a row",
    "cut_off.csv.gz": "gzip archive that breaks off",
    "empty.csv": "is empty",
    "header_only.csv": "a header row and no data",
    "nul_bytes.csv": "holds NUL bytes from line 2",
    "picture.csv": "is a PNG image",
    "sign_in.csv": "is a web page",
}


def taken(path: Path, tmp_path: Path) -> FileResult:
    named = NAMED.get(path.name)
    return ingest_file(path, load_source(named) if named else built_in(), tmp_path / "work")


def test_every_sample_is_in_a_test(shared_data: Path) -> None:
    files = {path.name for path in (shared_data / "samples").glob("*_*")}
    told = {*READABLE, "har_two_members_small.zip"}
    assert {name for name in files if name not in ("key.csv", "expected.json")} == told


@pytest.mark.parametrize("name", READABLE)
def test_counts_are_those_of_the_key(shared_data: Path, tmp_path: Path, name: str) -> None:
    expected: dict[str, Any] = json.loads((shared_data / "samples/expected.json").read_text())[name]
    result = taken(shared_data / "samples" / name, tmp_path)
    assert result.rows_read == expected["data_records"]
    assert result.rows_malformed == expected.get("of_these_malformed", 0)
    assert result.other_lines == expected.get("other_lines", 0)
    if not (shared_data / "samples" / name).read_bytes().isascii() and "encoding" in expected:
        wanted = expected["encoding"]
        assert result.encoding == {"utf-8 then cp1252": "utf-8+cp1252"}.get(wanted, wanted)
    raw = pl.read_parquet(result.raw / "*.parquet")
    assert raw.height == result.rows_read - result.rows_malformed
    assert raw["record_number"].is_unique().all()


@pytest.mark.parametrize("name", READABLE)
def test_faults_are_found_and_legal_oddities_are_not(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    if "delta" in name or name.endswith(".gz"):
        return
    key = pl.read_csv(shared_data / "samples/key.csv").filter(
        pl.col("file") == name, pl.col("record") > 0
    )
    harmless = ("same row twice", "blank line", "trailing totals row", "encoding changes")
    # The key counts Redfin's notice as the first record; it is none.
    notes = key.filter(pl.col("fault").str.starts_with("disclaimer")).height
    harmless = (*harmless, "disclaimer", "record on both", "newer version")
    faults = {
        row["record"] - notes
        for row in key.to_dicts()
        if "(legal)" not in row["fault"] and not row["fault"].startswith(harmless)
    }
    legal = {row["record"] for row in key.to_dicts() if "(legal)" in row["fault"]}
    result = taken(shared_data / "samples" / name, tmp_path)
    assert result.typed is not None
    staged = pl.read_parquet(result.typed / "*.parquet")
    flagged = set(staged.filter(pl.col("flags").list.len() > 0)["record_number"])
    flagged |= set(result.late["record_number"])
    quarantined = set(result.quarantine["record_number"])
    assert faults <= flagged | quarantined
    assert not legal & quarantined
    if key.height and name not in NAMED and name != "har_matrix_small.csv":
        # Nothing is kept out that the key does not name.
        assert quarantined <= faults
    if name == "har_matrix_small.csv":
        # Beside the planted rows, the first of two prices and the first of two keys.
        assert flagged | quarantined == faults | {32, 34}


def test_the_delta_tells_news_and_one_impossible_change(
    shared_data: Path,
    home: Path,
    take: Callable[..., Taken],
    table: Callable[[str], pl.DataFrame],
) -> None:
    for name in ("har_matrix_small.csv", "har_delta_small.csv"):
        deposit(shared_data / "samples" / name, home, "har")
        (row,) = take().rows
        assert (row.status, row.source) == ("staged", "har")
    assert row.rows_read == 47
    assert row.rows_unchanged > 0
    versions = table("staging.listings")
    reopened = versions.filter(pl.col("flags").list.contains("status.transition"))
    assert reopened.select("listing_key", "record_number").rows() == [("10000327", 47)]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_no_export_is_refused_with_one_sentence(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(FileRefused, match=REFUSED[name]) as refused:
        taken(shared_data / "samples/refuse" / name, tmp_path)
    sentence = str(refused.value)
    assert sentence.startswith(name)
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_refused_files_leave_a_ledger_row_and_a_note(
    shared_data: Path,
    home: Path,
    take: Callable[..., Taken],
    table: Callable[[str], pl.DataFrame],
) -> None:
    placed = deposit(shared_data / "samples/refuse", home)
    assert {path.name for path in placed} == set(REFUSED)
    take()
    ledger = table("ledger.files")
    assert set(ledger["status"]) == {"refused"}
    assert ledger["rows_read"].sum() == 0
    assert table("staging.listings").height == table("raw.listings").height == 0
    for name, said in REFUSED.items():
        assert said in (home / "refused" / f"{name}.reason.txt").read_text()
        assert (home / "refused" / name).exists()
    assert not any(path.is_file() for path in (home / "inbox").rglob("*"))


def test_king_county_is_accounted_for_row_by_row(
    shared_data: Path,
    home: Path,
    take: Callable[..., Taken],
    table: Callable[[str], pl.DataFrame],
) -> None:
    deposit(shared_data / "king_county/kc_house_data.csv", home, "king_county")
    (row,) = take(max_share=0.2).rows
    assert (row.rows_read, row.rows_unchanged) == (21_608, 1)
    assert row.rows_staged + row.rows_quarantined == 21_607
    staged = table("staging.listings")
    spring = staged.filter(pl.col("close_date").is_between(date(2015, 3, 1), date(2015, 5, 31)))
    assert spring.height == 4_752
    assert spring["listing_key"].n_unique() == 4_752

    def one(key: str) -> dict[str, Any]:
        return staged.filter(pl.col("listing_key") == key).row(0, named=True)

    negative = one("1328340630-20150403")
    assert negative["neighbor_lot_size"] is None
    assert negative["flags"] == ["range.neighbor_lot_size"]
    crowded = staged.filter(pl.col("parcel_number") == "2402100895").row(0, named=True)
    assert crowded["bedrooms_total"] is None
    assert "range.bedrooms_total" in crowded["flags"]
    assert staged.filter(pl.col("close_price") == 2e6).height > 0
    # Known at the end of the day, Pacific time.
    assert str(negative["known_at"]) == "2015-04-04 07:00:00"
    assert staged.filter(pl.col("flags").list.len() > 0).height == 2


def test_private_cells_stay_in_raw(
    shared_data: Path,
    home: Path,
    take: Callable[..., Taken],
    table: Callable[[str], pl.DataFrame],
) -> None:
    deposit(shared_data / "samples/har_semicolon_small.csv", home)
    take()
    raw, staged = table("raw.listings"), table("staging.listings")
    assert raw["List Agent Full Name"].str.contains("Sample Agent").any()
    told = staged.select(pl.col(pl.String)).unpivot()["value"].drop_nulls()
    assert not told.str.contains("Sample (Agent|Realty)").any()
    assert not told.is_in(raw["Public Remarks"].drop_nulls().implode()).any()


def test_an_archive_is_one_delivery_per_table(
    shared_data: Path,
    home: Path,
    take: Callable[..., Taken],
    table: Callable[[str], pl.DataFrame],
) -> None:
    name = "har_two_members_small.zip"
    members = json.loads((shared_data / "samples/expected.json").read_text())[name]["members"]
    for again in (False, True):
        deposit(shared_data / "samples" / name, home)
        rows = take().rows
        found = {row.file_name.removeprefix(f"{name}/"): row for row in rows}
        assert set(found) == set(members)
        for member, expected in members.items():
            assert found[member].rows_read == expected["data_records"]
            assert found[member].status == ("unchanged" if again else "staged")
        assert not any((home / "inbox").iterdir())
    told = set(table("staging.quarantine")["file_name"])
    assert told <= {f"{name}/{member}" for member in members}


def test_of_two_pages_the_newer_version_wins_and_a_repeat_is_unchanged(
    shared_data: Path,
    home: Path,
    take: Callable[..., Taken],
    table: Callable[[str], pl.DataFrame],
) -> None:
    pages = [
        json.loads((shared_data / f"samples/reso_page_{n}.json").read_text())["value"]
        for n in (1, 2)
    ]
    for number in (1, 2):
        deposit(shared_data / f"samples/reso_page_{number}.json", home)
    first, second = take().rows
    assert (first.rows_read, second.rows_read) == (32, 30)
    assert second.rows_unchanged == 1
    staged = table("staging.listings")
    key = pages[1][29]["ListingKey"]
    assert key == pages[0][10]["ListingKey"]
    versions = staged.filter(pl.col("listing_key") == key).sort("known_at")
    assert versions.height == 2
    assert versions["list_price"][-1] == float(pages[1][29]["ListPrice"])
    quarantined = table("staging.quarantine")
    texts = quarantined.sort("record_number")["raw_text"].to_list()
    assert [json.loads(text) for text in texts] == [pages[1][9], pages[1][14]]
    raw = table("raw.listings")
    media = raw.filter(pl.col("ListingKey") == pages[0][0]["ListingKey"])["Media"][0]
    assert json.loads(media) == pages[0][0]["Media"]
    assert set(pages[0][0]) <= set(raw.columns)


@pytest.mark.parametrize("name", ["reso_small.csv", "reso_page_1.json", "hcad_real_acct_small.txt"])
def test_private_cells_of_other_sources_stay_in_raw(
    shared_data: Path,
    home: Path,
    take: Callable[..., Taken],
    table: Callable[[str], pl.DataFrame],
    name: str,
) -> None:
    deposit(shared_data / "samples" / name, home)
    (row,) = take().rows
    (source,) = (source for source in built_in() if source.name == row.mapping)
    raw = table("raw.listings")
    secret = [name for name in raw.columns if name in source.private]
    assert secret
    words = set(raw.select(secret).unpivot()["value"].drop_nulls())
    # An owner may live in the home: what a public column says too is no secret.
    words -= set(raw.select(pl.exclude(secret)).select(pl.col(pl.String)).unpivot()["value"])
    words = {word for word in words if len(word) > 8}
    assert words
    for staged in ("staging.listings", "staging.parcels"):
        said = table(staged).select(pl.col(pl.String)).unpivot()["value"].drop_nulls()
        assert not words & set(said)


def test_the_roll_is_staged_apart_from_listings(
    shared_data: Path,
    home: Path,
    take: Callable[..., Taken],
    table: Callable[[str], pl.DataFrame],
    warehouse: Warehouse,
) -> None:
    for name in ("real_acct", "building_res"):
        deposit(shared_data / f"samples/hcad_{name}_small.txt", home)
    deposit(shared_data / "samples/hcad_building_res_headerless_small.txt", home, "hcad")
    rows = take().rows
    assert [row.rows_staged for row in rows if row.mapping == "hcad_real_acct"] == [80]
    parcels = table("staging.parcels")
    assert table("staging.listings").height == 0
    accounts = parcels.filter(pl.col("record_kind") == "account")
    assert accounts.height == accounts["parcel_number"].n_unique() == 80
    assert accounts["parcel_number"].str.len_chars().unique().to_list() == [13]
    assert accounts["total_appraised_value"].null_count() == 1
    buildings = parcels.filter(pl.col("record_kind") == "building")
    assert set(buildings["parcel_number"]) <= set(accounts["parcel_number"])
    assert contract_breaches(warehouse)[0] == []
    assert unbalanced(warehouse).wrong == []
