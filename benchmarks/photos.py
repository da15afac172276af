"""Photo intake on all cores against a plain Pillow loop on one, over the same files.

Ours is everything: read, sha256, decode, perceptual hash, store, one row per photo, statuses, and
the inbox emptied. The plain loop opens and loads each file. Each side runs in a process of its own,
several times in turn; the best time of each counts. Imports are paid before. The photos are those
of the sample market.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# Rendered ones, each of them COPIES times with a comment of its own in its header.
PHOTOS, COPIES = int(os.environ.get("REALTY_BENCH_PHOTOS", "400")), 15
ROUNDS = 3
LIMIT_SPEEDUP = 2.5


def run() -> list[dict[str, Any]]:
    """Rows of the benchmark table: name, ours_s, rival_s, ratio, limit, note."""
    with tempfile.TemporaryDirectory(prefix="realty-bench-") as folder:
        base = Path(folder)
        _child("write", base)
        ours, rival = [], []
        for _ in range(ROUNDS):
            rival.append(_child("rival", base))
            ours.append(_child("ours", base))
    ours_s, rival_s = min(ours), min(rival)
    n = PHOTOS * COPIES
    return [
        {
            "name": "photo intake",
            "ours_s": round(ours_s, 2),
            "rival_s": round(rival_s, 2),
            "ratio": round(ours_s / rival_s, 3),
            "limit": 1 / LIMIT_SPEEDUP,
            "note": f"about {n:,} photos of 1024 x 768: {n / ours_s:,.0f} a second against "
            f"{n / rival_s:,.0f} of Pillow's open and load on one core, "
            f"{rival_s / ours_s:.1f} times",
        }
    ]


def _child(what: str, base: Path) -> float:
    done = subprocess.run(
        [sys.executable, __file__, what, str(base)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
    )
    return float(json.loads(done.stdout.splitlines()[-1]))


def _write(base: Path) -> float:
    from realty_assets.sample_market import generate

    generate(base / "sample", listings=500, months=12, photos=PHOTOS, seed=7)
    # A whole file each: the plain loop would stop at the first one that is cut off.
    import polars as pl

    truth = pl.read_parquet(base / "sample" / "answer_key" / "photos.parquet")
    photos = base / "sample" / "photos"
    for name in truth.filter("truncated")["file_name"]:
        (photos / name).unlink()
    for path in sorted(photos.iterdir()):
        data = path.read_bytes()
        for copy in range(1, COPIES):
            comment = b"\xff\xfe\x00\x06" + f"{copy:04d}".encode()
            other = photos / f"{path.stem.split('_')[0]}-{copy}_{path.stem.split('_')[1]}.jpg"
            other.write_bytes(data[:2] + comment + data[2:])
    return 0.0


def _photos(base: Path) -> list[Path]:
    return sorted((base / "sample" / "photos").iterdir())


def _rival(base: Path) -> float:
    """The least that anyone could do: every picture opened and decoded."""
    from PIL import Image

    started = time.perf_counter()
    for path in _photos(base):
        with Image.open(path) as image:
            image.load()
    return time.perf_counter() - started


def _ours(base: Path) -> float:
    from realty_assets.ingestion.photo_inbox import deposit_photos
    from realty_assets.ingestion.photo_store import Rules
    from realty_assets.ingestion.photos import take_in_photos
    from realty_assets.warehouse import Warehouse

    home = base / "home"
    shutil.rmtree(home, ignore_errors=True)
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    # An empty inbox first: what a process pays once is no part of either side.
    take_in_photos(warehouse, Rules(10**8, 8, 5))
    deposit_photos(base / "sample" / "photos", home)
    # The copies are on the disk before the clock starts: writing them is no part of either side.
    os.sync()
    started = time.perf_counter()
    taken = take_in_photos(warehouse, Rules(10**8, 8, 5), n_threads=os.cpu_count() or 1)
    wall_s = time.perf_counter() - started
    assert taken.n_new == len(_photos(base)), f"{taken.n_new} photos were taken in"
    return wall_s


if __name__ == "__main__":
    if len(sys.argv) > 1:
        work = {"write": _write, "rival": _rival, "ours": _ours}[sys.argv[1]]
        print(json.dumps(work(Path(sys.argv[2]))))
    else:
        for line in run():
            print(json.dumps(line))
