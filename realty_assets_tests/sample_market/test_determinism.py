"""Same seed, same bytes: whatever the hash seed, the threads and the workers."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from realty_assets.sample_market import generate, write_big_export
from realty_assets.sample_market.market import simulate
from realty_assets.sample_market.photos import plan_photos, write_photos
from realty_assets.sample_market.timeline import build_states

ROOT = Path(__file__).resolve().parents[2]
SIZE = {"listings": 400, "months": 9, "photos": 12}


def digest(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    generate(tmp_path / "here", **SIZE, seed=3)
    code = (
        "from pathlib import Path; from realty_assets.sample_market import generate;"
        f"generate(Path({str(tmp_path / 'there')!r}), **{SIZE!r}, seed=3)"
    )
    env = {**os.environ, "PYTHONHASHSEED": "1", "POLARS_MAX_THREADS": "1", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, cwd=ROOT)
    here = digest(tmp_path / "here")
    assert here == digest(tmp_path / "there")
    assert {Path(name).parts[0] for name in here} == {"exports", "photos", "answer_key"}


def test_another_seed_writes_other_bytes(tmp_path: Path) -> None:
    generate(tmp_path / "a", **SIZE, seed=3)
    generate(tmp_path / "b", **SIZE, seed=4)
    a, b = digest(tmp_path / "a"), digest(tmp_path / "b")
    assert not set(a.values()) & set(b.values())


def test_photos_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    market = simulate(300, 8, 5)
    shots = plan_photos(market, build_states(market), 24, 5)
    one = write_photos(tmp_path / "one", shots, n_workers=1)
    three = write_photos(tmp_path / "three", shots, n_workers=3)
    assert one.equals(three)
    assert digest(tmp_path / "one") == digest(tmp_path / "three")


def test_the_big_export_has_the_rows_asked_for(tmp_path: Path) -> None:
    write_big_export(tmp_path / "a.csv", 5000, 1)
    write_big_export(tmp_path / "b.csv", 5000, 1)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    frame = pl.read_csv(tmp_path / "a.csv", infer_schema=False)
    assert frame.shape == (5000, 68)
    assert frame["Status"].null_count() == 0
    with pytest.raises(ValueError, match="at least 100 rows"):
        write_big_export(tmp_path / "c.csv", 10, 1)
