"""The files of the reports: the same bytes for the same rows, nothing private, nothing outside."""

from __future__ import annotations

import re

import polars as pl
import pytest

from realty_assets.exploration import making
from realty_assets.exploration.findings import Finding, Report, Table
from realty_assets.exploration.rendering import html, markdown
from realty_assets.exploration.window import LISTINGS, PHOTOS, QUARANTINE, window, window_on
from realty_assets.ingestion.sources import built_in
from realty_assets.warehouse import Warehouse
from realty_assets_tests.exploration.test_hygiene import photo_rows
from realty_assets_tests.exploration.towns import seen, town
from realty_assets_tests.markets import Market

NAMES = {"overview", "missingness", "distributions", "duplicates", "leakage", "drift", "photos"}


def texts(
    frame: pl.DataFrame, threads: int = 1, photos: pl.DataFrame | None = None
) -> dict[str, str]:
    more = {} if photos is None else {"photos": photos}
    with seen(frame, threads, **more) as opened:
        return making.pages(opened, making.withheld_by(built_in()))[1]


def two_sources() -> pl.DataFrame:
    other = town(seed=9).with_columns(
        source=pl.lit("elsewhere"), listing_key=pl.concat_str(pl.lit("x"), "listing_key")
    )
    return pl.concat([town(n=2000), other])


def test_every_report_has_a_markdown_and_an_html_file() -> None:
    assert set(texts(town(n=300))) == {f"{n}.{form}" for n in NAMES for form in ("md", "html")}


@pytest.mark.parametrize("seed", range(3))
def test_row_order_and_threads_change_no_byte(seed: int) -> None:
    frame, photos = two_sources(), photo_rows(400)
    first = texts(frame, 1, photos)
    again = texts(
        frame.sample(fraction=1.0, shuffle=True, seed=seed),
        4,
        photos.sample(fraction=1.0, shuffle=True, seed=seed),
    )
    assert again == first


def test_row_order_changes_no_byte_on_the_market(market: Market) -> None:
    """Real exports have repeats, flags and faults that the made-up town has not."""
    with window(Warehouse.at(market.home / "warehouse.duckdb")) as opened:
        tables = {
            name: opened.ask(f"SELECT * FROM {name}") for name in (LISTINGS, QUARANTINE, PHOTOS)
        }
        first = making.pages(opened)[1]
    shuffled = {
        name: table.sample(fraction=1.0, shuffle=True, seed=5) for name, table in tables.items()
    }
    with window_on(shuffled, threads=3) as opened:
        assert making.pages(opened)[1] == first


def test_one_row_that_changes_shows_in_the_markdown() -> None:
    frame = town()
    changed = frame.with_columns(
        living_area=pl.when(pl.col("listing_key") == "7000003")
        .then(pl.lit(None, pl.Float64))
        .otherwise("living_area")
    )
    before, after = texts(frame), texts(changed)
    different = {name for name in before if before[name] != after[name]}
    assert {"missingness.md", "distributions.md"} <= different
    assert "duplicates.md" not in different


def test_a_page_needs_nothing_beside_it() -> None:
    for name, text in texts(two_sources(), photos=photo_rows(400)).items():
        if name.endswith(".html"):
            assert "default-src 'none'" in text
            assert not re.search(r"<script|<link|<img|<iframe|@import|url\(", text), name
            assert set(re.findall(r"(?:src|href)=\"([^\"]*)\"", text)) == {
                f"{n}.html" for n in NAMES
            }
            assert not re.search(r"https?://", text), name


def test_pictures_are_drawn_for_those_who_would_rather_look() -> None:
    pages = texts(two_sources(), photos=photo_rows(400))
    for name in ("missingness", "distributions", "leakage", "drift", "photos"):
        assert "<svg viewBox" in pages[f"{name}.html"], name
        assert "<svg" not in pages[f"{name}.md"]


def test_nothing_from_the_data_is_read_as_markup() -> None:
    said = "<b>*bold*</b> | [x](http://x) `a`\n# head"
    report = Report(
        "r",
        "R",
        "About.",
        (Finding("k", "warn", "s", "f", 1, said),),
        (Table("T", ("c",), ((said,),)),),
    )
    page = html(report, [report])
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    text = markdown(report)
    assert "<b>" not in text.replace("\\<b", "")
    assert "\n# head" not in text
    assert text.count("\n| ") == 3


def test_field_names_stay_readable_in_markdown() -> None:
    report = Report(
        "r", "R", "A.", (Finding("k", "note", "s", "f", 1, "living_area is _odd_"),), ()
    )
    assert "living_area is \\_odd\\_" in markdown(report)


def test_private_cells_reach_no_report(market: Market) -> None:
    """Agents, offices and remarks of the exports, and the raw text of quarantined records."""
    home = market.home
    private = ["Agent Full Name", "Office Name", "Public Remarks"]
    raw = Warehouse.at(home / "warehouse.duckdb").read("raw.listings")
    columns = [name for name in raw.columns if any(word in name for word in private)]
    cells = {
        cell
        for name in columns
        for cell in raw[name].drop_nulls().unique().to_list()
        if len(cell) >= 8
    }
    assert len(columns) >= 5
    assert len(cells) > 20
    held = Warehouse.at(home / "warehouse.duckdb").read("staging.quarantine")["raw_text"]
    pages = {path.name: path.read_text() for path in (home / making.FOLDER).iterdir()}
    assert len(pages) == 2 * len(NAMES)
    for name, text in pages.items():
        assert not [cell for cell in cells if cell in text], name
        assert not [line for line in held if line.strip() and line.strip() in text], name


def test_pages_name_no_path_of_the_machine(market: Market) -> None:
    for path in (market.home / making.FOLDER).iterdir():
        assert str(market.home) not in path.read_text()
