"""Condition shows in photos through small shapes, and hardly through anything else."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from realty_assets.sample_market.constants import CONDITION_SD
from realty_assets.sample_market.photos import CAMERAS, Shot, render
from realty_assets.sample_market.scenes import ROOMS

N = 280
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def gallery() -> tuple[Floats, Floats, Floats, Floats]:
    """(condition, damage marks, global features, structure features) of N photos."""
    rng = np.random.default_rng(0)
    condition = rng.normal(0, CONDITION_SD, N)
    cues, whole, structure = [], [], []
    for i in range(N):
        shot = Shot(f"{i}", str(i), 1, ROOMS[i % 4], condition[i], str(i), False, (1, 41, i, 1))
        data, n_cues = render(shot)
        cues.append(n_cues)
        with Image.open(io.BytesIO(data)) as image:
            camera = [c[0] for c in CAMERAS].index(image.getexif()[0x010F])
            whole.append(_global(image, len(data), camera, i % 4))
            structure.append(_oblique(image))
    return condition, np.array(cues, float), np.array(whole), np.array(structure)


def _global(image: Image.Image, n_bytes: int, camera: int, room: int) -> Floats:
    """Mean and spread of each channel, eight bins of each, file size, camera and room."""
    counts = np.array(image.histogram(), dtype=float).reshape(3, 256)
    share = counts / counts.sum(1, keepdims=True)
    level = np.arange(256)
    mean = share @ level
    spread = np.sqrt(share @ level**2 - mean**2)
    bins = share.reshape(3, 8, 32).sum(2).ravel()
    return np.concatenate(
        [[np.log(n_bytes)], mean, spread, bins, np.eye(4)[camera], np.eye(4)[room]]
    )


def _oblique(image: Image.Image) -> Floats:
    """Share of the strong edges that run neither upright nor level: what torn, crooked and
    cracked things have and tidy ones have not (structure tensor at the scale of a mark)."""
    g = np.asarray(image.convert("L").resize((512, 384), Image.Resampling.BOX), dtype=np.float32)
    gx, gy = g[1:-1, 2:] - g[1:-1, :-2], g[2:, 1:-1] - g[:-2, 1:-1]

    def smooth(a: Floats) -> Floats:
        total = np.cumsum(np.cumsum(np.pad(a, ((1, 0), (1, 0))), 0, float), 1)
        return total[5:, 5:] - total[:-5, 5:] - total[5:, :-5] + total[:-5, :-5]

    xx, yy, xy = smooth(gx * gx), smooth(gy * gy), smooth(gx * gy)
    strength = xx + yy
    slant = np.abs(np.sin(np.arctan2(2 * xy, xx - yy)))
    strong = strength > np.quantile(strength, 0.85)
    return np.log([1e-4 + (slant[strong] > 0.35).mean(), 1e-4 + (slant[strong] > 0.6).mean()])


def cross_validated_r2(x: Floats, y: Floats, penalty: float) -> float:
    """R2 of ridge regression on standardised columns, five folds."""
    fold = np.random.default_rng(1).permutation(len(y)) % 5
    predicted = np.empty(len(y))
    for f in range(5):
        train, test = fold != f, fold == f
        mean, sd = x[train].mean(0), x[train].std(0) + 1e-9
        z = (x - mean) / sd
        a = z[train].T @ z[train] + penalty * np.eye(x.shape[1])
        beta = np.linalg.solve(a, z[train].T @ (y[train] - y[train].mean()))
        predicted[test] = z[test] @ beta + y[train].mean()
    return 1 - float(((y - predicted) ** 2).mean() / y.var())


def test_colour_histogram_file_size_and_exif_hardly_tell_condition(
    gallery: tuple[Floats, Floats, Floats, Floats],
) -> None:
    condition, _, whole, _ = gallery
    best = max(cross_validated_r2(whole, condition, p) for p in (1.0, 10.0, 100.0, 1000.0))
    assert best < 0.10
    size = np.corrcoef(whole[:, 0], condition)[0, 1] ** 2
    assert size < 0.05


def test_small_shapes_do_tell_condition(gallery: tuple[Floats, Floats, Floats, Floats]) -> None:
    condition, cues, _, structure = gallery
    assert np.corrcoef(np.log1p(cues), condition)[0, 1] ** 2 > 0.6
    assert np.corrcoef(cues, condition)[0, 1] < 0
    assert cross_validated_r2(structure, condition, 1.0) > 0.3


def test_there_are_many_cues_in_a_worn_home(
    gallery: tuple[Floats, Floats, Floats, Floats],
) -> None:
    condition, cues, _, _ = gallery
    assert np.median(cues[condition < -CONDITION_SD]) >= 25
    assert np.median(cues[condition > CONDITION_SD]) <= 8
