"""Getting files into the inbox: whole or not at all, nothing overwritten, nothing twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realty_assets.ingestion.inbox import DepositError, deposit, expand, pending
from realty_assets.ingestion.sources import SourceError
from realty_assets_tests.ingestion.exports import sale, write


def test_a_file_waits_under_its_name_and_keeps_its_time(home: Path, tmp_path: Path) -> None:
    export = write(tmp_path / "june.csv", [sale(1)])
    os.utime(export, (1_600_000_000, 1_600_000_000))
    (placed,) = deposit(export, home)
    assert placed == home / "inbox" / "june.csv"
    assert placed.read_bytes() == export.read_bytes()
    assert placed.stat().st_mtime == 1_600_000_000
    assert pending(home) == [placed]


def test_the_same_bytes_wait_once_and_others_beside_them(home: Path, tmp_path: Path) -> None:
    one = write(tmp_path / "a" / "june.csv", [sale(1)])
    other = write(tmp_path / "b" / "june.csv", [sale(2)])
    first = deposit(one, home, "har")
    assert deposit(one, home, "har") == first == [home / "inbox" / "har" / "june.csv"]
    (second,) = deposit(other, home, "har")
    assert second == home / "inbox" / "har" / "again-2" / "june.csv"
    assert first[0].read_bytes() == one.read_bytes()
    assert len(pending(home)) == 2


def test_a_folder_means_its_exports(home: Path, tmp_path: Path) -> None:
    for name in ("page_10.csv", "page_9.CSV", ".hidden.csv", "photo.jpg", "sub/x.txt"):
        write(tmp_path / "out" / name, [sale(1)])
    assert [path.name for path in expand(tmp_path / "out")] == [
        "page_9.CSV",
        "page_10.csv",
        "x.txt",
    ]
    assert len(deposit(tmp_path / "out", home)) == 3


def test_half_copied_and_hidden_files_do_not_wait(home: Path) -> None:
    write(home / "inbox" / ".june.csv.77.part", [sale(1)])
    write(home / "inbox" / ".folder" / "june.csv", [sale(1)])
    (home / "inbox" / "link.csv").symlink_to("/etc/hostname")
    assert pending(home) == []


def test_a_users_mapping_is_copied_into_the_home(home: Path, tmp_path: Path) -> None:
    export = write(tmp_path / "june.csv", [sale(1)])
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "name: mine\nversion: 1\ndelivery: daily\ntime_zone: UTC\nrecognised_by: [MLS Number]\n"
        "known_at: [{file: arrival}]\ncolumns: {MLS Number: {to: listing_key}}\n"
    )
    (placed,) = deposit(export, home, mapping)
    assert placed == home / "inbox" / "mine" / "june.csv"
    assert (home / "sources" / "mine.yaml").read_text() == mapping.read_text()


def test_what_cannot_be_deposited_is_told(home: Path, tmp_path: Path) -> None:
    with pytest.raises(DepositError, match="There is no file"):
        deposit(tmp_path / "nowhere.csv", home)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DepositError, match="holds no export"):
        deposit(tmp_path / "empty", home)
    export = write(tmp_path / "june.csv", [sale(1)])
    with pytest.raises(SourceError, match="There is no source 'nobody'"):
        deposit(export, home, "nobody")
    assert pending(home) == []


def test_an_inbox_that_cannot_be_written_is_told(home: Path, tmp_path: Path) -> None:
    export = write(tmp_path / "june.csv", [sale(1)])
    (home / "inbox" / "har").write_text("a file where a folder should be")
    with pytest.raises(DepositError, match="cannot be copied into"):
        deposit(export, home, "har")
