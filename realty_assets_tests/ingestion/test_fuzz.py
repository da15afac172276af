"""Damaged files: refused with a sentence, or read with every row accounted for. Never a crash."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import polars as pl
import pytest

from realty_assets.errors import RealtyError
from realty_assets.ingestion.files import FileResult, ingest_file
from realty_assets.ingestion.sources import built_in
from realty_assets_tests.ingestion.exports import export, sale

FULL = os.environ.get("REALTY_TORTURE") == "full"
BITS = [b'"', b",", b"\n", b"\r", b'"\n', b"\xe9", b'""', b"\t", b"\0"]
SWAPS = [(b",", b";"), (b'"', b"'"), (b"\r\n", b"\n"), (b"\r\n", b"\r"), (b"$", b"USD ")]


def damaged(data: bytes, luck: random.Random) -> bytes:
    """`data` after a few accidents of transport and of hand."""
    text = bytearray(data)
    for _ in range(luck.randint(1, 6)):
        at = luck.randrange(len(text))
        match luck.randrange(6):
            case 0 | 1:
                text[at] = luck.randrange(256)
            case 2:
                text[at:at] = luck.choice(BITS)
            case 3:
                del text[at : at + luck.randint(1, 300)]
            case 4:
                other = luck.randrange(len(text))
                text[at:at] = text[other : other + luck.randint(1, 500)]
            case 5:
                old, new = luck.choice(SWAPS)
                text = text.replace(old, new, luck.randint(1, 50))
        if luck.random() < 0.05:
            text = text[: luck.randrange(len(text))]
        text = text or bytearray(b"x")
    return bytes(text)


def check_counts(result: FileResult) -> None:
    n_raw = sum(pl.read_parquet(part).height for part in sorted(result.raw.glob("*.parquet")))
    assert n_raw + result.rows_malformed == result.rows_read
    numbers = [*result.rows["record_number"], *result.quarantine["record_number"]]
    assert sorted(numbers) == list(range(1, result.rows_read + 1))


def shake(folder: Path, seed: int, n_files: int) -> tuple[int, list[str]]:
    """(files read, why others were refused) of `n_files` damaged exports."""
    luck = random.Random(seed)
    rows = [sale(number, Public_Remarks='Corner "lot",\r\nnew') for number in range(40)]
    forms = [export(rows), export(rows, end="\n")]
    forms.append(export([*rows, sale(50, Subdivision="Café")]).decode().encode("cp1252"))
    forms.append(export(rows).decode().encode("utf-16"))
    read, refused = 0, []
    for _ in range(n_files):
        path = folder / "x.csv"
        path.write_bytes(damaged(luck.choice(forms), luck))
        work = folder / "work"
        try:
            check_counts(ingest_file(path, built_in(), work))
            read += 1
        except RealtyError as error:
            refused.append(str(error))
        shutil.rmtree(work, ignore_errors=True)
    return read, refused


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(8 if FULL else 1))
def test_damaged_files(tmp_path: Path, seed: int) -> None:
    read, refused = shake(tmp_path, seed, 250 if FULL else 60)
    assert read > 10
    assert len(refused) > 5
    assert all(why.endswith(".") and "\n" not in why for why in refused)


@pytest.mark.parametrize("heading", ["Last Change Timestamp", "Latitude", "Baths Half", "DOM"])
def test_a_heading_that_is_not_needed_may_be_missing(tmp_path: Path, heading: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(export([sale(number) for number in range(40)]).replace(heading.encode(), b"?"))
    result = ingest_file(path, built_in(), tmp_path / "work")
    assert (result.rows_read, result.quarantine.height) == (40, 0)
    assert result.rows["known_at"].null_count() == 0
