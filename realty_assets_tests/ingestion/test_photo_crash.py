"""kill -9 in the middle of photo intake, and again: the rerun ends where nothing happened."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from realty_assets.fingerprint import fingerprint_home
from realty_assets.ingestion import photos
from realty_assets.ingestion.photo_checks import accounts
from realty_assets.ingestion.photos import take_in_photos
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.pictures import RULES, encoded, put, scene
from realty_assets_tests.markets import stopped_after

pytestmark = [pytest.mark.slow, pytest.mark.torture]

N_PHOTOS, BATCH = 120, 10
KILLS = 12 if os.environ.get("REALTY_TORTURE") == "full" else 2
# Small batches, so that a kill falls between two of them; told when the work begins.
INTAKE = f"""
import sys
from realty_assets.ingestion import photos
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.pictures import RULES
import PIL.JpegImagePlugin, PIL.PngImagePlugin, PIL.GifImagePlugin, PIL.WebPImagePlugin
photos.BATCH_FILES = {BATCH}
print("ready", flush=True)
photos.take_in_photos(Warehouse.at(sys.argv[1]), RULES)
"""


def fill(home: Path) -> Warehouse:
    inbox = home / "inbox" / "photos"
    for n in range(N_PHOTOS):
        # Every tenth is cut off, every seventh a copy.
        data = encoded(scene(n - 1 if n % 7 == 6 else n), "JPEG")
        put(inbox / f"{n // 6}_{n % 6}.jpg", data[:-500] if n % 10 == 9 else data)
    put(inbox / "m.csv", b"file,listing_key,room\n0_1.jpg,77,kitchen\nnever.jpg,77,bath\n")
    return Warehouse.at(home / "warehouse.duckdb")


def killed_after(warehouse: Warehouse, seconds: float) -> bool:
    process = subprocess.Popen(
        [sys.executable, "-c", INTAKE, str(warehouse.path)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return stopped_after(process, seconds)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, float]:
    """Fingerprint of an intake that nobody interferes with, and its seconds."""
    warehouse = fill(tmp_path_factory.mktemp("calm"))
    started = time.monotonic()
    take_in_photos(warehouse, RULES)
    return fingerprint_home(warehouse, []), time.monotonic() - started


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_intake_ends_as_if_nothing_had_happened(
    tmp_path: Path, undisturbed: tuple[dict, float], seed: int
) -> None:
    calm, usual_s = undisturbed
    dice = random.Random(seed)
    warehouse = fill(tmp_path / "home")
    for _ in range(2):
        killed_after(warehouse, dice.uniform(0.02, 0.8) * usual_s)
    take_in_photos(warehouse, RULES)
    assert fingerprint_home(warehouse, []) == calm
    assert accounts(warehouse).wrong == ()
    assert not list((tmp_path / "home" / "inbox" / "photos").iterdir())


def test_what_was_recorded_before_a_kill_is_not_decoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = fill(tmp_path / "home")
    # A kill after the first batch, before its files leave the inbox: the worst moment.
    code = INTAKE.replace("print(", "photos._leave_inbox = lambda *_: os._exit(9)\nprint(")
    done = subprocess.run(
        [sys.executable, "-c", "import os\n" + code, str(warehouse.path)], check=False
    )
    assert done.returncode == 9
    recorded = warehouse.read("ledger.photo_files").height
    assert recorded == BATCH
    decoded = []
    see = photos.see
    monkeypatch.setattr(photos, "see", lambda data, most: decoded.append(1) or see(data, most))
    taken = take_in_photos(warehouse, RULES)
    assert taken.n_known == BATCH
    assert len(decoded) <= N_PHOTOS - BATCH
