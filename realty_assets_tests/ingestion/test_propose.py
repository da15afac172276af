"""Drafts of mappings: right where they are sure, a question where not, readable at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from realty_assets.ingestion.contract import COLUMN_NAMES
from realty_assets.ingestion.inbox import deposit
from realty_assets.ingestion.intake import Taken
from realty_assets.ingestion.mapping_cells import HELPERS
from realty_assets.ingestion.propose import Draft, propose
from realty_assets.ingestion.propose.sample import ProposalError
from realty_assets.ingestion.propose.words import word_list
from realty_assets.ingestion.reading import FileRefused
from realty_assets.ingestion.sources import built_in, plain, read_mapping
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import HEADINGS, export, sale
from realty_assets_tests.markets import realty_here, realty_json

# RESO's name for what the contract calls otherwise.
OURS = {
    "listing_id": "listing_key",
    "bathrooms_total_integer": "bathrooms_total",
    "lot_size_acres": "_acres",
    "stories": "stories_total",
}
# Sources of reso_map.csv that are called otherwise here.
KEY_NAMES = {"har_grid": "har_matrix_grid"}
# One heading fills both: the vendor's word, and what it means.
TWICE = {"mls_status": {"standard_status"}, "property_sub_type": {"property_type"}}
# (source in reso_map.csv, file below shared/data); the forms that the figure is asked for.
ASKED = [
    ("redfin", "headers/redfin.csv"),
    ("redfin", "headers/redfin_older.csv"),
    ("redfin", "samples/redfin_small.csv"),
    ("redfin", "samples/redfin_older_small.csv"),
    ("redfin", "samples/redfin_padded_note_small.csv"),
    ("redfin", "samples/redfin_note_above_header_small.csv"),
    ("king_county", "king_county/kc_house_data.csv"),
    ("king_county", "headings of king_county/kc_house_data.csv"),
    ("reso", "headers/reso_csv.csv"),
    ("reso", "samples/reso_small.csv"),
    ("reso", "names of headers/reso.csv"),
]
# Forms that nobody tuned the words for beforehand would be better still; these stand beside.
OTHERS = [
    ("har_matrix", "headers/har_matrix.csv"),
    ("har_matrix", "samples/har_matrix_small.csv"),
    ("har_matrix_grid", "samples/har_grid_small.csv"),
    ("homeharvest", "samples/homeharvest_small.csv"),
    ("armls_flexmls", "samples/armls_flexmls_small.csv"),
]


def snake(reso: str) -> str:
    words = re.sub(r"([A-Z]{2,})([A-Z][a-z])", r"\1_\2", re.sub(r"([a-z])([A-Z])", r"\1_\2", reso))
    return OURS.get(words.lower(), words.lower())


def file_of(name: str, shared: Path, folder: Path) -> Path:
    """The file that a case means; 'headings of', 'names of': one row made from it."""
    if name.startswith("headings of "):
        place = folder / "headings.csv"
        with (shared / name.removeprefix("headings of ")).open() as file:
            place.write_text(file.readline())
        return place
    if name.startswith("names of "):
        place = folder / "names.csv"
        with (shared / name.removeprefix("names of ")).open() as file:
            place.write_text(",".join(row["StandardName"] for row in csv.DictReader(file)) + "\n")
        return place
    return shared / name


def answers(source: str, shared: Path, headings: list[str]) -> dict[str, set[str]]:
    """Columns that each heading may fill: by the opinion key or the built-in mapping."""
    right: dict[str, set[str]] = {plain(heading): set() for heading in headings}
    if source == "reso":
        told = {plain(heading): heading for heading in headings}
    else:
        with (shared / "headers" / "reso_map.csv").open() as file:
            told = {
                plain(row["heading"]): row["reso"]
                for row in csv.DictReader(file)
                if row["source"] == source
            }
        # Redfin's older form says the same in fewer words; the key has the newer only.
        if source == "redfin":
            told |= {"state": "StateOrProvince", "zip": "PostalCode"}
    for heading, columns in right.items():
        column = snake(told.get(heading, ""))
        if column in (*COLUMN_NAMES, *HELPERS):
            columns.add(column)
    for mapping in built_in():
        if source in (mapping.group, mapping.name, KEY_NAMES.get(mapping.name)):
            for heading, cell in mapping.cells():
                # A mapping may know headings that this file does not have.
                if plain(heading) in right:
                    right[plain(heading)].add(cell.to)
    if source == "reso" and "listingkey" in right:
        # The contract has one key, and the file a better one.
        right.get("listingid", set()).discard("listing_key")
    return right


def score(draft: Draft, right: dict[str, set[str]]) -> tuple[int, int, list[str]]:
    """(mappable headings, those that are right, wrong ones that the draft is sure of)."""
    filled = {
        plain(one.heading): {one.column} | TWICE.get(one.column, set())
        for one in draft.matches.found
    }
    mappable = [heading for heading, columns in right.items() if columns]
    n_right = sum(bool(filled.get(heading, set()) & right[heading]) for heading in mappable)
    wrong = [
        f"{one.heading} -> {one.column} ({one.confidence})"
        for one in draft.matches.found
        if one.sure and not filled[plain(one.heading)] & right.get(plain(one.heading), set())
    ]
    return len(mappable), n_right, wrong


@pytest.mark.parametrize(("source", "name"), [*ASKED, *OTHERS])
def test_four_in_five_headings_are_right_and_no_sure_one_is_wrong(
    source: str, name: str, shared_data: Path, tmp_path: Path
) -> None:
    draft = propose(file_of(name, shared_data, tmp_path))
    matches = draft.matches
    headings = [one.heading for one in matches.found] + [*matches.unknown, *matches.private]
    n, n_right, wrong = score(draft, answers(source, shared_data, headings))
    assert n >= 15
    assert n_right >= 0.8 * n, f"{n_right} of {n}"
    assert wrong == []


def test_the_key_can_find_a_wrong_proposal(shared_data: Path) -> None:
    draft = propose(shared_data / "samples/redfin_small.csv")
    right = {plain(one.heading): {"grade_score"} for one in draft.matches.found}
    _, n_right, wrong = score(draft, right)
    assert n_right == 0
    assert len(wrong) == sum(one.sure for one in draft.matches.found) > 10


@pytest.mark.parametrize(
    "name", ["king_county/kc_house_data.csv", "samples/redfin_small.csv", "samples/reso_small.csv"]
)
def test_a_draft_is_ingested_as_it_is(
    name: str, shared_data: Path, tmp_path: Path, home: Path, take: Callable[..., Taken]
) -> None:
    given = tmp_path / "given.csv"
    given.write_bytes(b"".join((shared_data / name).read_bytes().splitlines(keepends=True)[:400]))
    mapping = tmp_path / "mine.yaml"
    mapping.write_text(propose(given).yaml)
    deposit(given, home, mapping)
    (row,) = take(max_share=0.2).rows
    assert (row.status, row.mapping) == ("staged", "given")
    assert row.rows_staged >= 0.95 * row.rows_read > 100


def test_a_har_export_is_drafted_with_kinds_forms_and_private_headings(
    tmp_path: Path, home: Path, take: Callable[..., Taken], warehouse: Warehouse
) -> None:
    given = tmp_path / "unknown.csv"
    given.write_bytes(export([sale(number) for number in range(40)]))
    draft = propose(given)
    mapping = tmp_path / "mine.yaml"
    mapping.write_text(draft.yaml)
    source = read_mapping(mapping)
    assert source.private == ("List Agent Full Name", "Public Remarks")
    kinds = {cell.to: cell for _, cell in source.cells()}
    assert kinds["close_date"].formats[0] == "%m/%d/%Y %I:%M:%S %p"
    assert kinds["modification_timestamp"].kind == "timestamp"
    assert kinds["close_price"].kind == "money"
    assert kinds["standard_status"].values == {"Sold": "Closed"}
    assert kinds["property_type"].values == {"Single-Family": "Residential"}
    assert kinds["state_or_province"].values == {"Texas": "TX"}
    assert source.known_at[0].column == "modification_timestamp"
    assert (source.delivery, source.time_zone) == ("daily", "America/Chicago")
    deposit(given, home, mapping)
    assert take().rows[0].rows_staged == 40
    staged = warehouse.read("staging.listings")
    assert staged["close_price"].to_list() == [295_000 + 1_000 * (n % 50) for n in range(40)]
    assert staged["standard_status"].unique().to_list() == ["Closed"]


def test_headings_alone_are_enough(tmp_path: Path) -> None:
    given = tmp_path / "2021 headings.csv"
    given.write_text(",".join(HEADINGS) + "\n")
    draft = propose(given)
    mapping = tmp_path / "mine.yaml"
    mapping.write_text(draft.yaml)
    source = read_mapping(mapping)
    assert source.name == "source_2021_headings"
    assert draft.n_rows == 0
    assert len({cell.to for _, cell in source.cells()}) > 30


def test_values_tell_acres_from_square_feet_and_parcels_from_listings(tmp_path: Path) -> None:
    given = tmp_path / "given.csv"
    rows = [
        f"{7129300500 + n // 2},{200_000 + n},0.{n % 80 + 10},1/{n % 28 + 1}/2021"
        for n in range(60)
    ]
    given.write_text("Id,Sold Price,Lot Size,Sold Date\n" + "\n".join(rows) + "\n")
    found = {one.heading: one for one in propose(given).matches.found}
    assert found["Lot Size"].column == "_acres"
    assert found["Id"].column == "parcel_number"
    assert not found["Id"].sure
    assert found["Sold Price"].sure


def test_days_before_months_are_seen_and_doubtful_cells_take_sureness_away(tmp_path: Path) -> None:
    given = tmp_path / "given.csv"
    rows = [f"A{n:04},{n % 28 + 1:02}/0{n % 9 + 1}/2021,none,{n}" for n in range(50)]
    given.write_text(
        "MLS #;Closing Date;Year Built;Beds\n".replace(";", ",") + "\n".join(rows) + "\n"
    )
    found = {one.heading: one for one in propose(given).matches.found}
    cells = found["Closing Date"].cells
    assert cells is not None
    assert cells.date_forms == (("%d/%m/%Y",), 1.0)
    assert "Year Built" not in found or not found["Year Built"].sure
    assert "Beds" not in found or not found["Beds"].sure


def test_people_are_seen_by_heading_and_by_cells(tmp_path: Path) -> None:
    given = tmp_path / "given.csv"
    rows = [
        f"K{n:04},2{n:03}00,Jo{n},jo{n}@example.com,(713) 555-{n:04},Wide corner lot. See it."
        for n in range(30)
    ]
    given.write_text("MLS #,Price,Ownr Nm,Contact,Reach,Words\n" + "\n".join(rows) + "\n")
    assert propose(given).matches.private == ("Ownr Nm", "Contact", "Reach", "Words")


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("BedroomsTotal", ["bedroom", "total"]),
        ("MLSAreaMajor", ["mls", "area", "major"]),
        ("$/SQUARE FEET", ["price", "sqft"]),
        ("PoolPrivateYN", ["pool", "private", "yn"]),
        ("Private Pool Y/N", ["private", "pool", "yn"]),
        ("sqft_living15", ["sqft", "living", "15"]),
        ("URL (SEE https://a.b/c FOR MORE)", ["url"]),
        ("YB", ["year", "built"]),
    ],
)
def test_headings_are_taken_apart(heading: str, words: list[str]) -> None:
    assert word_list(heading) == words


def test_what_is_no_export_of_listings_is_refused_in_a_sentence(tmp_path: Path) -> None:
    bank = tmp_path / "bank.csv"
    bank.write_text("booking,purpose,amount\n2021-01-04,groceries,17.20\n")
    with pytest.raises(ProposalError, match=r"^bank\.csv has no header row|^No heading of bank"):
        propose(bank)
    with pytest.raises(ProposalError, match=r"^There is no file"):
        propose(tmp_path / "none.csv")
    blank = tmp_path / "blank.csv"
    blank.write_text("\n\n")
    with pytest.raises(ProposalError, match=r"nothing but blank lines"):
        propose(blank)
    nul = tmp_path / "nul.csv"
    nul.write_bytes(b"MLS #,Price\n1,\0\0\n")
    with pytest.raises(FileRefused, match="NUL bytes"):
        propose(nul)


@pytest.mark.parametrize("name", ["bank_statement.csv", "picture.csv", "sign_in.csv", "empty.csv"])
def test_files_to_refuse_get_no_draft(name: str, shared_data: Path) -> None:
    with pytest.raises((ProposalError, FileRefused)):
        propose(shared_data / "samples" / "refuse" / name)


def test_the_command_writes_a_draft_once_and_lists_the_homes_own(tmp_path: Path) -> None:
    home, given, to = tmp_path / "home", tmp_path / "given.csv", tmp_path / "out" / "mine.yaml"
    given.write_bytes(export([sale(number) for number in range(20)]))
    told = realty_json(home, "sources", "propose", given, "--out", to)
    assert told["written_to"] == str(to)
    assert {row["heading"] for row in told["mapped"]} >= {"MLS Number", "Close Price"}
    again = realty_here(home, "sources", "propose", given, "--out", to, check=False)
    assert again.returncode == 1
    assert "exists already: name another file" in again.stderr
    assert realty_here(home, "sources", "propose", given).stdout == to.read_text()
    realty_here(home, "ingest", given, "--source", to)
    sources = pl.DataFrame(realty_json(home, "sources", "list")["sources"])
    assert sources.filter(pl.col("from") == "this home")["name"].to_list() == ["given"]
    assert set(sources["name"]) >= {"given", "har_matrix", "har_grid", "king_county"}
    assert sources.row(by_predicate=pl.col("name") == "har_matrix", named=True)["private"] == 8
