"""Photo intake: what comes is accounted for, statuses do not depend on the order of arrival."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest

from realty_assets.fingerprint import fingerprint_home
from realty_assets.ingestion.intake import take_in
from realty_assets.ingestion.packed import contents, photo_names
from realty_assets.ingestion.photo_checks import accounts
from realty_assets.ingestion.photo_inbox import deposit_photos
from realty_assets.ingestion.photo_pictures import thumbnails
from realty_assets.ingestion.photos import PhotosTaken, take_in_photos
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import export, sale, write
from realty_assets_tests.ingestion.pictures import (
    HEIC,
    RULES,
    bomb,
    encoded,
    jpeg,
    put,
    rotated,
    scene,
)

Shoot = Callable[[], PhotosTaken]


@pytest.fixture
def shoot(warehouse: Warehouse) -> Shoot:
    return lambda: take_in_photos(warehouse, RULES)


@pytest.fixture
def listed(home: Path, take: Callable) -> list[str]:
    """Keys of five listings in staging, the first of which says that it has 4 photos."""
    rows = [sale(i) | {"Photo Count": "4" if i == 1 else "1"} for i in range(1, 6)]
    pl.DataFrame(rows).write_csv(home / "inbox" / "x.csv")
    take()
    return [row["MLS Number"] for row in rows]


def by_name(warehouse: Warehouse) -> dict[str, str]:
    rows = warehouse.read("staging.photos")
    return dict(zip(rows["file_name"], rows["status"], strict=True))


def test_every_status_is_found(
    home: Path, warehouse: Warehouse, listed: list[str], shoot: Shoot, tmp_path: Path
) -> None:
    one, two, three, four, five = listed
    inbox = home / "inbox" / "photos"
    stock = encoded(scene(50), "PNG")
    files = {
        f"{one}_1.jpg": (jpeg(1), "ok"),
        f"{one}_2.jpg": (jpeg(1), "duplicate"),
        f"{one}_3.jpg": (jpeg(1, quality=30), "near_duplicate"),
        f"{one}_4.jpg": (rotated(1), "near_duplicate"),
        f"{one}_5.jpg": (jpeg(2)[:-900], "truncated"),
        f"{two}-1.png": (encoded(scene(3), "PNG"), "ok"),
        f"{two}-2.webp": (encoded(scene(4), "WEBP"), "ok"),
        f"{two}-3.gif": (encoded(scene(5), "GIF"), "ok"),
        f"{two}-4.heic": (HEIC, "unsupported"),
        f"{two}-5.png": (bomb(), "too_large"),
        f"{two}-6.jpg": (b"", "corrupt"),
        f"{two}-7.jpg": (b"<html>sign in</html>", "corrupt"),
        f"{three}.jpg": (stock, "stock_photo"),
        f"{four}/1.jpg": (stock, "stock_photo"),
        f"{five}_kitchen.jpg": (stock, "stock_photo"),
        "nobody_1.jpg": (jpeg(6), "orphan"),
        "nobody_2.jpg": (b"", "corrupt"),
    }
    for name, (data, _) in files.items():
        put(inbox / name, data)
    secret = put(tmp_path / "secret.jpg", jpeg(99))
    (inbox / f"{one}_9.jpg").symlink_to(secret)
    (inbox / "folder").symlink_to(tmp_path)
    taken = shoot()
    assert (taken.n_seen, taken.n_new, taken.n_known) == (len(files) + 2, len(files) + 2, 0)
    expected = {name: status for name, (_, status) in files.items()}
    expected |= {f"{one}_9.jpg": "refused", "folder": "refused"}
    assert by_name(warehouse) == expected
    assert accounts(warehouse).wrong == ()
    assert secret.exists()
    assert not list((home / "inbox").rglob("*.*"))
    stored = {path.name for path in (home / "photos").rglob("*.*")}
    assert hashlib.sha256(secret.read_bytes()).hexdigest() + ".jpg" not in stored
    rows = warehouse.read("staging.photos")
    assert rows.filter(pl.col("file_name") == "nobody_2.jpg")["findings"].to_list() == [
        ["corrupt", "orphan"]
    ]
    assert rows.filter(pl.col("status") != "ok")["detail"].null_count() == 0
    room = rows.filter(pl.col("room").is_not_null())
    assert room.select("listing_key", "room").rows() == [(five, "kitchen")]
    (gap,) = warehouse.read("staging.photo_gaps").filter(listing_key=one).to_dicts()
    assert (gap["photos_count"], gap["n_came"], gap["n_usable"], gap["n_missing"]) == (4, 4, 3, 0)
    assert "data:image/jpeg;base64," in thumbnails(warehouse)


def test_a_manifest_says_what_names_do_not(
    home: Path, warehouse: Warehouse, listed: list[str], shoot: Shoot
) -> None:
    one, two, *_ = listed
    inbox = home / "inbox" / "photos" / "delivery"
    put(inbox / "a b.jpg", jpeg(1))
    put(inbox / "sub" / "c.jpg", jpeg(2))
    put(inbox / f"{one}_3.jpg", jpeg(3))
    lines = [
        "file,listing_key,order,room",
        f'"a b.jpg",{one},2,kitchen',
        f"sub/c.jpg,{one},1,",
        f"{one}_3.jpg,{two},7,bath",
        f"never.jpg,{two},,",
        f"../../secret.jpg,{two},,",
        f"/etc/secret.jpg,{two},,",
    ]
    put(inbox / "manifest.csv", "\n".join(lines).encode())
    taken = shoot()
    assert (taken.n_seen, taken.n_new) == (4, 4)
    rows = warehouse.read("staging.photos").sort("file_name")
    told = rows.select("file_name", "listing_key", "photo_order", "room", "status").rows()
    assert told == [
        ("../../secret.jpg", None, None, None, "refused"),
        ("/etc/secret.jpg", None, None, None, "refused"),
        (f"delivery/{one}_3.jpg", two, 7, "bath", "ok"),
        ("delivery/a b.jpg", one, 2, "kitchen", "ok"),
        ("delivery/never.jpg", two, None, None, "missing"),
        ("delivery/sub/c.jpg", one, 1, None, "ok"),
    ]
    assert accounts(warehouse).wrong == ()
    put(inbox / "never.jpg", jpeg(4))
    shoot()
    assert by_name(warehouse)["delivery/never.jpg"] == "ok"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"MLS Number,List Price\n1,2\n", "is no photo manifest"),
        (b"file,listing_key,order\na.jpg,5,first\n", "line 2: the order 'first' is not"),
        (b"file,listing_key\na.jpg,\n", "line 2: file and listing_key must both be filled"),
        (b"file,listing_key\n\xff\xfe,1\n", "not UTF-8"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_put_aside_and_told(
    home: Path, warehouse: Warehouse, shoot: Shoot, text: bytes, said: str
) -> None:
    put(home / "inbox" / "photos" / "m.csv", text)
    shoot()
    (row,) = warehouse.read("staging.photos").to_dicts()
    assert (row["file_name"], row["status"]) == ("m.csv", "refused")
    assert said in row["detail"]
    assert said in (home / "refused" / "m.csv.reason.txt").read_text()
    assert (home / "refused" / "m.csv").read_bytes() == text
    assert accounts(warehouse).wrong == ()


def test_exports_and_photos_share_an_inbox(
    home: Path, warehouse: Warehouse, take: Callable, shoot: Shoot
) -> None:
    row = sale(1)
    put(home / "inbox" / "har" / f"{row['MLS Number']}_1.jpg", jpeg(1))
    put(home / "inbox" / "picture.csv", jpeg(2))
    write(home / "inbox" / "har" / "x.csv", [row])
    taken = take()
    assert {row.file_name: row.status for row in taken.rows} == {
        "picture.csv": "refused",
        "x.csv": "staged",
    }
    shoot()
    assert list(by_name(warehouse).values()) == ["ok"]


def test_the_order_of_arrival_does_not_matter(tmp_path: Path) -> None:
    rows = [sale(number) for number in range(5)]
    keys = [row["MLS Number"] for row in rows]
    pictures = [(f"{keys[n % 5]}_{n}.jpg", jpeg(n % 3)) for n in range(20)]
    manifest = b"file,listing_key,order,room\n7.jpg,%s,3,bath\n" % keys[0].encode()
    pictures += [("late_1.jpg", jpeg(7)), ("m.csv", manifest), ("7.jpg", jpeg(8))]
    found = []
    for seed in range(3):
        other = Warehouse.at(tmp_path / f"home-{seed}" / "warehouse.duckdb")
        order = random.Random(seed).sample(pictures, len(pictures))
        for part in range(0, len(order), 8):
            for name, data in order[part : part + 8]:
                put(other.home / "inbox" / "photos" / name, data)
            take_in_photos(other, RULES, n_threads=1 + seed % 2)
            if part == 8 * seed:
                write(other.home / "inbox" / "x.csv", rows)
                take_in(other, max_share=1.0)
        take_in_photos(other, RULES)
        found.append(fingerprint_home(other, ["staging.photos", "ledger.photo_files"]))
    assert found[0] == found[1] == found[2]
    assert set(other.read("staging.photos")["status"]) > {"ok", "duplicate", "orphan"}


def test_an_orphan_finds_its_listing_when_it_comes(
    home: Path, warehouse: Warehouse, take: Callable, shoot: Shoot
) -> None:
    row = sale(1)
    put(home / "inbox" / f"{row['MLS Number']}_1.jpg", jpeg(1))
    shoot()
    assert list(by_name(warehouse).values()) == ["orphan"]
    write(home / "inbox" / "x.csv", [row])
    take()
    taken = shoot()
    assert taken.n_seen == 0
    assert list(by_name(warehouse).values()) == ["ok"]


def test_the_same_photos_again_change_nothing(
    home: Path, warehouse: Warehouse, tmp_path: Path, shoot: Shoot
) -> None:
    for n in range(3):
        put(tmp_path / "shots" / f"5_{n}.jpg", jpeg(n))
    assert len(deposit_photos(tmp_path / "shots", home)) == 3
    first = shoot()
    assert not first.tables["staging.photos"].reused
    deposit_photos(tmp_path / "shots", home)
    again = shoot()
    assert (again.n_seen, again.n_new, again.n_known) == (3, 0, 3)
    assert all(kept.reused for kept in again.tables.values())
    assert {t: k.output_hash for t, k in first.tables.items()} == {
        t: k.output_hash for t, k in again.tables.items()
    }


def test_other_bytes_under_a_waiting_name_wait_beside_it(home: Path, tmp_path: Path) -> None:
    put(tmp_path / "a" / "shots" / "5_1.jpg", jpeg(1))
    put(tmp_path / "b" / "shots" / "5_1.jpg", jpeg(2))
    (first,) = deposit_photos(tmp_path / "a" / "shots", home)
    (second,) = deposit_photos(tmp_path / "b" / "shots", home)
    assert deposit_photos(tmp_path / "a" / "shots", home) == [first]
    assert first.relative_to(home / "inbox").as_posix() == "photos/shots/5_1.jpg"
    assert second.relative_to(home / "inbox").as_posix() == "photos/again-2/shots/5_1.jpg"


def test_a_photo_that_still_grows_is_left(home: Path, warehouse: Warehouse) -> None:
    path = put(home / "inbox" / "5_1.jpg", jpeg(1))
    os.utime(path, (path.stat().st_mtime + 3600, path.stat().st_mtime + 3600))
    taken = take_in_photos(warehouse, RULES, quiet_s=1.0)
    assert (taken.n_seen, taken.n_new, taken.growing) == (1, 0, ("5_1.jpg",))
    assert path.exists()


def test_the_accounts_see_what_is_lost(home: Path, warehouse: Warehouse, shoot: Shoot) -> None:
    for n in range(3):
        put(home / "inbox" / f"5_{n}.jpg", jpeg(n))
    shoot()
    first, second, _ = sorted((home / "photos").rglob("*.jpg"))
    first.write_bytes(b"other bytes")
    assert "does not hold the bytes" in accounts(warehouse).wrong[0]
    second.unlink()
    assert "1 photos are not in the store" in accounts(warehouse).wrong[0]
    with warehouse.connect() as conn:
        conn.execute("DELETE FROM staging.photos WHERE file_name = '5_1.jpg'")
    assert "3 photo files came, and staging.photos names 2" in accounts(warehouse).wrong[0]


def test_what_is_kept_stays_as_it_was_read(
    home: Path, warehouse: Warehouse, shoot: Shoot, tmp_path: Path
) -> None:
    inbox = home / "inbox" / "photos"
    mine, lent = put(inbox / "1_1.jpg", jpeg(1)), put(inbox / "2_1.jpg", jpeg(2))
    other = tmp_path / "other.jpg"
    os.link(lent, other)
    inode = mine.stat().st_ino
    shoot()
    # Through a name outside the home the lent one can be written to: the kept one is a copy.
    other.write_bytes(b"written over")
    kept = dict(warehouse.read("staging.photos").select("file_name", "path").rows())
    assert {name: (home / path).read_bytes() for name, path in kept.items()} == {
        "1_1.jpg": jpeg(1),
        "2_1.jpg": jpeg(2),
    }
    assert (home / kept["1_1.jpg"]).stat().st_ino == inode, "the file itself, not a copy"
    assert not mine.exists()
    assert not lent.exists()


def test_an_archive_may_hold_photos_and_their_manifest_beside_exports(
    home: Path, warehouse: Warehouse, take: Callable, shoot: Shoot
) -> None:
    one, two = sale(1)["MLS Number"], sale(2)["MLS Number"]
    archive = home / "inbox" / "both.zip"
    with ZipFile(archive, "w") as packed:
        packed.writestr("june.csv", export([sale(1), sale(2)]))
        packed.writestr(f"shots/{one}_1.jpg", jpeg(1))
        packed.writestr("shots/any.jpg", jpeg(2))
        packed.writestr("shots/manifest.csv", f"file,listing_key\nany.jpg,{two}\n")
    assert contents(archive)[0][0] == "both.zip/june.csv"
    assert len(contents(archive)) == 1
    assert len(photo_names(archive)) == 3
    with ZipFile(home / "inbox" / "photos.zip", "w") as packed:
        packed.writestr(f"{one}_2.jpg", jpeg(3))
    (row,) = take().rows
    assert (row.file_name, row.rows_staged) == ("both.zip/june.csv", 2)
    assert shoot().n_new == 4
    assert by_name(warehouse) == {
        f"both.zip/shots/{one}_1.jpg": "ok",
        "both.zip/shots/any.jpg": "ok",
        f"photos.zip/{one}_2.jpg": "ok",
    }
    assert not [path for path in (home / "inbox").rglob("*") if path.is_file()]
    assert not list((home / "inbox").glob("*.unpacked"))
