"""What is published: figures counted by hand, files that hold what their tables hold."""

from __future__ import annotations

import base64
import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from realty_assets.fingerprint import fingerprint_home
from realty_assets.ingestion.assets import ingestion
from realty_assets.publishing import assets, checks, manifests, verify
from realty_assets.publishing.coverage import coverage
from realty_assets.publishing.pictures import bars
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import sale, write

FACES = [
    ingestion,
    assets.coverage_summary,
    assets.selected_listings,
    assets.clean_samples,
    assets.published_files,
    checks.coverage_agrees,
    checks.selection_agrees,
    checks.samples_are_clean,
    checks.files_are_whole,
]
TABLES = [
    "publish.coverage_summary",
    "publish.selected_listings",
    "publish.clean_samples",
    "publish.manifests",
]


def materialize(warehouse: Warehouse) -> dg.ExecuteInProcessResult:
    done = dg.materialize(FACES, resources={"warehouse": warehouse}, raise_on_error=False)
    assert [one.check_name for one in done.get_asset_check_evaluations() if not one.passed] == []
    assert done.success
    return done


def rows() -> list[dict[str, str]]:
    """Sixty sales of two areas; some of what makes the figures differ."""
    found = [sale(n, Area="25" if n < 40 else "26") for n in range(60)]
    found[0]["Bedrooms"] = ""
    found[1]["Bedrooms"] = ""
    found[2] = sale(2, Area="25", Property_Type="Lots", Building_SqFt="")
    found[3] = sale(3, Area="25", Property_Type="Rental")
    found[4] = sale(4, Area="25", List_Price="", Close_Price="", Original_List_Price="")
    found[5] = sale(5, Area="25", Building_SqFt="")
    found[6] = sale(6, Area="25", List_Date="8/1/2021 12:00:00 AM")
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with sixty sales and everything published; tests work on copies."""
    home = tmp_path_factory.mktemp("made") / "home"
    write(home / "inbox" / "june.csv", rows())
    materialize(Warehouse.at(home / "warehouse.duckdb"))
    return home


@pytest.fixture
def filled(made: Path, home: Path) -> Warehouse:
    shutil.copytree(made, home, dirs_exist_ok=True)
    return Warehouse.at(home / "warehouse.duckdb")


def test_coverage_is_what_one_counts_by_hand(filled: Warehouse) -> None:
    table = filled.read("publish.coverage_summary")
    by_place = {(row["month"], row["area"]): row for row in table.to_dicts()}
    may, june = date(2021, 5, 1), date(2021, 6, 1)
    assert set(by_place) == {
        (may, "25"),
        (june, "25"),
        (may, "26"),
        (june, "26"),
        (june, "(no area)"),
    }
    listed = by_place[may, "25"]
    # Row 6 closed before it was listed, and no other row tells its area.
    assert (listed["n_listings"], listed["n_sales"], listed["n_versions"]) == (39, 0, 0)
    assert listed["bedrooms_total_share"] == 37 / 39
    assert listed["living_area_share"] == 37 / 39
    assert listed["parcel_number_share"] == 0
    assert listed["quarantine_share"] is None
    closed = by_place[june, "25"]
    # Row 4 has no price, so it is no sale.
    assert (closed["n_listings"], closed["n_sales"], closed["n_versions"]) == (0, 38, 39)
    assert closed["bedrooms_total_share"] is None
    assert by_place[june, "26"]["n_sales"] == 20
    lost = by_place[june, "(no area)"]
    assert (lost["n_quarantined"], lost["quarantine_share"]) == (1, 1.0)
    assert table["with_photos_share"].is_null().all()


def test_photos_count_once_they_are_taken_in(filled: Warehouse) -> None:
    keys = [str(10_000_000 + n) for n in (10, 11, 11, 12, 50)]
    photos = pl.DataFrame(
        {
            "photo_hash": ["a", "b", "c", "d", None],
            "listing_key": keys,
            "status": ["ok", "duplicate", "ok", "corrupt", "missing"],
        }
    )
    filled.replace("staging.photos", photos)
    table = coverage(filled)
    shares = dict(table.filter(pl.col("n_listings") > 0).select("area", "with_photos_share").rows())
    assert shares == {"25": 2 / 39, "26": 0.0}


def test_only_homes_with_price_and_area_are_selected_and_all_are_counted(filled: Warehouse) -> None:
    chosen = filled.read("publish.selected_listings")
    assert chosen.height == 55
    assert set(chosen["property_type"]) == {"Residential"}
    (row,) = (
        filled.read("publish.manifests").filter(pl.col("name") == manifests.SELECTED).to_dicts()
    )
    assert (row["n_considered"], row["n_rows"]) == (59, 55)
    assert json.loads(row["left_out"]) == {"no living area": 1, "no price": 1, "not a home": 2}
    assert row["selection_rule"].startswith("The latest version of each listing of a home")
    on_disk = pl.read_parquet(filled.home / row["path"])
    assert on_disk.equals(chosen.sort("source", "listing_key"))
    assert row["file_sha256"] == manifests.file_hash(filled.home / row["path"])


def test_the_sample_is_bounded_spread_and_the_same_in_any_order(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "MOST_SAMPLES", 12)
    # A hundred sales of June, and four of another month and price band.
    many = [sale(n) for n in range(100)]
    dear = {
        "List_Date": "1/2/2021 12:00:00 AM",
        **dict.fromkeys(["List_Price", "Original_List_Price"], "$620,000"),
        **{"Close_Price": "$615,000", "Building_SqFt": "3500"},
        **dict.fromkeys(["Price_Sq_Ft_List", "Price_Sq_Ft_Sold"], ""),
    }
    few = [sale(n, **dear) for n in range(100, 104)]
    fingerprints = []
    for turn, files in enumerate([(many, few), (few, many)]):
        folder = tmp_path / f"home{turn}"
        (folder / "dagster").mkdir(parents=True)
        warehouse = Warehouse.at(folder / "warehouse.duckdb")
        for place, one in enumerate(files):
            write(folder / "inbox" / f"{place}.csv", one)
        materialize(warehouse)
        sample = warehouse.read("publish.clean_samples")
        assert sample.height == 12
        counts = dict(sample.group_by("stratum").len().rows())
        assert counts["2021-01 500,000 to 1,000,000"] == 4
        assert sum(counts.values()) == 12
        fingerprints.append(fingerprint_home(warehouse, TABLES[1:]))
    assert fingerprints[0] == fingerprints[1]


def test_nothing_new_is_nothing_done_and_a_lost_file_comes_back(filled: Warehouse) -> None:
    before = fingerprint_home(filled, TABLES)
    path = filled.home / "publish" / "selected_listings.parquet"
    whole = path.read_bytes()

    def reused() -> dict[str, bool]:
        done = materialize(filled)
        return {
            event.asset_key.to_user_string(): bool(event.materialization.metadata["reused"].value)
            for event in done.get_asset_materialization_events()
            if event.asset_key is not None and event.asset_key.path[0] == "publish"
        }

    assert set(reused().values()) == {True}
    path.unlink()
    again = reused()
    assert [name for name, same in again.items() if not same] == ["publish/manifests"]
    assert path.read_bytes() == whole
    # As a kill leaves it between the file and its row: another content under the name.
    path.write_bytes(whole[:-1])
    assert not manifests.intact(filled)
    assert not reused()["publish/manifests"]
    assert path.read_bytes() == whole
    assert fingerprint_home(filled, TABLES) == before
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("table", "change", "find", "told"),
    [
        (
            "publish.coverage_summary",
            lambda t: t.with_columns(pl.col("n_listings") + 1),
            verify.coverage_wrong,
            "listings",
        ),
        (
            "publish.coverage_summary",
            lambda t: pl.concat([t, t.tail(1)]),
            verify.coverage_wrong,
            "rows of one month and area",
        ),
        (
            "publish.coverage_summary",
            lambda t: t.with_columns(pl.col("n_quarantined") * 0),
            verify.coverage_wrong,
            "rows kept out",
        ),
        (
            "publish.coverage_summary",
            lambda t: t.with_columns(pl.col("city_share") * 1.5),
            verify.coverage_wrong,
            "shares outside 0 to 1",
        ),
        (
            "publish.selected_listings",
            lambda t: t.head(-1),
            verify.selected_wrong,
            "selected listings",
        ),
        (
            "publish.selected_listings",
            lambda t: pl.concat([t.head(1), t.head(-1)]),
            verify.selected_wrong,
            "rows of one listing",
        ),
        (
            "publish.selected_listings",
            lambda t: t.with_columns(pl.col("record_number") + 1_000),
            verify.selected_wrong,
            "staged versions behind them",
        ),
        (
            "publish.clean_samples",
            lambda t: t.with_columns(pl.lit("x").alias("listing_key")),
            verify.samples_wrong,
            "selected listings behind them",
        ),
        (
            "publish.clean_samples",
            lambda t: t.tail(-1),
            verify.files_wrong,
            "content of publish/clean_samples.parquet",
        ),
        (
            "publish.manifests",
            lambda t: t.with_columns(pl.lit("0").alias("file_sha256")),
            verify.files_wrong,
            "sha256 of publish/selected_listings.parquet",
        ),
    ],
)
def test_each_check_sees_what_it_is_for(
    filled: Warehouse,
    table: str,
    change: Callable[[pl.DataFrame], pl.DataFrame],
    find: Callable[[Warehouse], verify.Wrong],
    told: str,
) -> None:
    assert find(filled) == []
    filled.replace(table, change(filled.read(table)))
    assert told in [one["what"] for one in find(filled)]


def test_a_flagged_row_is_no_clean_sample(filled: Warehouse) -> None:
    flagged = filled.read("staging.listings").filter(pl.col("flags").list.len() > 0)
    sampled = filled.read("publish.clean_samples")
    assert flagged.height > 0
    assert sampled.join(flagged, on=["file_hash", "record_number"]).is_empty()
    staged = filled.read("staging.listings")
    filled.replace("staging.listings", staged.with_columns(pl.lit(["x"]).alias("flags")))
    assert "flagged rows" in [one["what"] for one in verify.samples_wrong(filled)]


def test_faces_show_tables_pictures_and_say_when_they_are_stale(filled: Warehouse) -> None:
    done = materialize(filled)
    for event in done.get_asset_materialization_events():
        assert event.asset_key is not None
        if event.asset_key.path[0] != "publish":
            continue
        metadata = event.materialization.metadata
        assert "preview" in metadata
        if event.asset_key.path[1] != "manifests":
            assert "data:image/svg+xml;base64," in str(metadata["picture"].value)
    for face in FACES[1:5]:
        assert isinstance(face, dg.AssetsDefinition)
        (spec,) = face.specs
        assert spec.freshness_policy is not None


def test_a_picture_is_well_formed_and_escapes_what_it_is_told() -> None:
    told = bars("a < b & c", ("n", "m"), [("<x>", (3, 1.5)), ("", (0, 0))])
    found = re.fullmatch(
        r"!\[a &lt; b &amp; c\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", told
    )
    assert found is not None
    svg = ET.fromstring(base64.b64decode(found.group(1)))
    widths = [float(one.attrib["width"]) for one in svg.iter("{http://www.w3.org/2000/svg}rect")]
    assert max(widths[3:]) == 2 * widths[4]
    assert bars("none", ("n",), []) != ""
