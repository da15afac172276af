"""One small market, made once and read by all tests of the room."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from realty_assets.sample_market import SampleReport, generate


@dataclass(frozen=True)
class Sample:
    """A generated market on disk and its answer key."""

    out: Path
    report: SampleReport
    truth: pl.DataFrame
    faults: pl.DataFrame
    photos: pl.DataFrame
    progress: list[tuple[str, float]]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    out = tmp_path_factory.mktemp("sample")
    heard: list[tuple[str, float]] = []
    report = generate(
        out,
        listings=3000,
        months=18,
        photos=40,
        seed=11,
        progress=lambda step, share: heard.append((step, share)),
    )
    key = out / "answer_key"
    return Sample(
        out=out,
        report=report,
        truth=pl.read_parquet(key / "truth.parquet"),
        faults=pl.read_parquet(key / "faults.parquet"),
        photos=pl.read_parquet(key / "photos.parquet"),
        progress=heard,
    )
