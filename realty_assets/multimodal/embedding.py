"""Many photos through one network, decoded while it looks.

On processors every thread decodes a few photos and looks at them alone: no thread waits for
another inside a layer, so one decodes while the other looks, and the numbers do not depend on how
many there are. A GPU is asked by one thread at a time, while the others decode.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from realty_assets.multimodal.backbone import Net
from realty_assets.multimodal.pictures import Unreadable, pixels

# More at once is no faster on two cores, and takes more memory.
BATCH, GPU_BATCH = 8, 64
OK, UNREADABLE, GONE, NOT_FINITE = "ok", "unreadable", "gone", "not_finite"
STATUSES = (OK, UNREADABLE, GONE, NOT_FINITE)


@dataclass(frozen=True)
class Photo:
    """A photo by its bytes: sha256, and the path where they stand."""

    photo_hash: str
    path: Path


@dataclass(frozen=True)
class Embedded:
    """What became of one photo: `vector` (n_dims,) float32 where the status is ok."""

    photo_hash: str
    status: str
    detail: str | None = None
    vector: np.ndarray | None = None


def embed(
    net: Net, photos: Sequence[Photo], *, n_threads: int, max_pixels: int, batch: int | None = None
) -> Iterator[Embedded]:
    """What became of each photo, in their order; never raises for what is wrong with its bytes."""
    n = batch or (BATCH if net.device == "cpu" else GPU_BATCH)
    chunks = (photos[at : at + n] for at in range(0, len(photos), n))
    gpu = threading.Lock()

    def look(chunk: Sequence[Photo]) -> list[Embedded]:
        return _look(net, chunk, max_pixels, gpu)

    with (
        _one_thread_each(net, n_threads) as alone,
        ThreadPoolExecutor(max(1, n_threads), initializer=alone) as pool,
    ):
        waiting: deque[Future[list[Embedded]]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(look, chunk))
            # Enough that no thread rests, and no more: what is done is kept in memory.
            if len(waiting) > 4 * n_threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _look(net: Net, chunk: Sequence[Photo], max_pixels: int, gpu: Any) -> list[Embedded]:
    """Decodes a few photos, and passes those that are pictures through the network."""
    squares, told = [], dict[str, Embedded]()
    for photo in chunk:
        try:
            squares.append(pixels(photo.path.read_bytes(), net.size, max_pixels))
        except FileNotFoundError:
            said = "The bytes are not in the store."
            told[photo.photo_hash] = Embedded(photo.photo_hash, GONE, said)
        except OSError as error:
            said = f"The bytes cannot be read ({error.strerror})."
            told[photo.photo_hash] = Embedded(photo.photo_hash, GONE, said)
        except Unreadable as error:
            told[photo.photo_hash] = Embedded(photo.photo_hash, UNREADABLE, str(error))
    seen = [photo for photo in chunk if photo.photo_hash not in told]
    if seen:
        with nullcontext() if net.device == "cpu" else gpu:
            vectors = forward(net, np.stack(squares))
        for photo, vector in zip(seen, vectors, strict=True):
            told[photo.photo_hash] = _judged(photo.photo_hash, vector)
    return [told[photo.photo_hash] for photo in chunk]


def _judged(photo_hash: str, vector: np.ndarray) -> Embedded:
    if np.isfinite(vector).all():
        return Embedded(photo_hash, OK, None, vector)
    return Embedded(photo_hash, NOT_FINITE, "The network gave numbers that are none.")


def forward(net: Net, squares: np.ndarray) -> np.ndarray:
    """(n, n_dims) float32 of (n, size, size, 3) RGB uint8.

    A stack of pictures as they are decoded is what torch calls channels_last: no copy is needed.
    """
    import torch

    mixed = torch.autocast("cuda", torch.bfloat16) if net.device == "cuda" else nullcontext()
    with torch.inference_mode(), mixed:
        stack = torch.from_numpy(squares).to(net.device).permute(0, 3, 1, 2).float()
        mean = torch.tensor(net.mean, device=net.device).view(1, 3, 1, 1) * 255
        std = torch.tensor(net.std, device=net.device).view(1, 3, 1, 1) * 255
        out = net.module(stack.sub_(mean).div_(std))
    return np.asarray(out.float().cpu().numpy(), dtype=np.float32)


@contextmanager
def _one_thread_each(net: Net, n_threads: int) -> Iterator[Any]:
    """What a thread does first so that its layers run on it alone; undone at the end."""
    import torch

    if net.device != "cpu":
        yield None
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield lambda: torch.set_num_threads(1)
    finally:
        torch.set_num_threads(before)


def batches(found: Iterator[Embedded], n: int) -> Iterator[list[Embedded]]:
    """`found`, n at a time."""
    while some := list(islice(found, n)):
        yield some
