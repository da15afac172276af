"""Photos as numbers: the same whatever the batch, once whatever happens, and of a real network."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest

from realty_assets.multimodal import assets, checks, embeddings_table
from realty_assets.multimodal.backbone import DEFAULT, Backbone, BackboneError, Net, load
from realty_assets.multimodal.embedding import Photo, embed, forward
from realty_assets.multimodal.embeddings_table import TABLE, counts, statuses, vectors
from realty_assets_tests.ingestion.pictures import bomb, encoded, jpeg, put, scene
from realty_assets_tests.markets import stopped_after
from realty_assets_tests.multimodal.photo_homes import MAX_PIXELS, embedded, packaged, staged

pytestmark = pytest.mark.slow
# Numbers of one photo may differ by this share of their length between batches.
TOLERANCE = 1e-4
N_PHOTOS, COMMIT = 48, 8
KILLS = 20 if os.environ.get("REALTY_TORTURE") == "full" else 1
RUN = f"""
import sys
from pathlib import Path
from realty_assets.multimodal import embeddings_table
from realty_assets.multimodal.backbone import load
from realty_assets.warehouse import Warehouse
from realty_assets_tests.multimodal.photo_homes import embedded, packaged
embeddings_table.COMMIT_PHOTOS = {COMMIT}
load(packaged())
print("ready", flush=True)
embedded(Warehouse.at(sys.argv[1]), packaged())
"""


@pytest.fixture(scope="module")
def net() -> Net:
    return load(packaged())


@pytest.fixture(scope="module")
def on_cpu(net: Net) -> Net:
    """The same network on processors, whatever else there is."""
    return (
        net
        if net.device == "cpu"
        else replace(net, module=load(packaged()).module.cpu(), device="cpu")
    )


def scenes(n: int) -> Iterator[bytes]:
    return (jpeg(seed) for seed in range(n))


def test_the_numbers_depend_neither_on_batches_nor_on_threads(on_cpu: Net, tmp_path: Path) -> None:
    photos = [
        Photo(str(seed), put(tmp_path / f"{seed}.jpg", data))
        for seed, data in enumerate(scenes(21))
    ]
    found = []
    for n_threads, batch in ((1, 1), (1, 16), (3, 4)):
        told = embed(on_cpu, photos, n_threads=n_threads, max_pixels=MAX_PIXELS, batch=batch)
        found.append(np.stack([one.vector for one in told if one.vector is not None]))
    assert found[0].shape == (21, on_cpu.n_dims)
    for other in found[1:]:
        off = np.linalg.norm(other - found[0], axis=1) / np.linalg.norm(found[0], axis=1)
        assert off.max() < TOLERANCE
    # And they tell photos apart.
    apart = np.linalg.norm(found[0][:, None] - found[0][None], axis=2)
    assert apart[~np.eye(21, dtype=bool)].min() > 100 * TOLERANCE * np.linalg.norm(found[0][0])


def test_a_gpu_sees_what_a_processor_sees(net: Net, on_cpu: Net) -> None:
    if net.device == "cpu":
        pytest.skip("no GPU")
    squares = np.random.default_rng(1).integers(0, 256, (8, net.size, net.size, 3), dtype=np.uint8)
    there, here = forward(net, squares), forward(on_cpu, squares)
    lengths = np.linalg.norm(there, axis=1) * np.linalg.norm(here, axis=1)
    assert ((there * here).sum(axis=1) / lengths).min() > 0.99


def test_a_photo_is_embedded_once_and_what_is_new_alone(home: Path) -> None:
    backbone = packaged()
    warehouse = staged(home, scenes(5))
    first = embedded(warehouse, backbone)
    assert (first.n_wanted, first.n_new, first.reused) == (5, 5, False)
    again = embedded(warehouse, backbone)
    assert (again.n_new, again.reused, again.output_hash) == (0, True, first.output_hash)
    before = warehouse.read(TABLE)
    staged(home, [*scenes(7), jpeg(0)])
    grown = embedded(warehouse, backbone)
    assert (grown.n_wanted, grown.n_new, grown.reused) == (7, 2, False)
    kept = warehouse.read(TABLE).join(before, on="photo_hash", how="semi")
    assert kept.sort("photo_hash").equals(before.sort("photo_hash"))
    assert counts(warehouse, backbone).wrong == ()
    hashes, found = vectors(warehouse, backbone)
    assert (len(hashes), found.shape, found.dtype) == (7, (7, 1280), np.float32)


def test_bad_bytes_have_a_status_and_bytes_that_come_back_a_second_chance(home: Path) -> None:
    backbone = packaged()
    broken = [b"", b"text", bomb(), jpeg(1)[:200], encoded(scene(2), "PNG")[:-3000]]
    warehouse = staged(home, [jpeg(3), *broken])
    gone = home / warehouse.read("staging.photos")["path"][0]
    away = gone.rename(gone.with_suffix(".away"))
    embedded(warehouse, backbone)
    assert dict(statuses(warehouse, backbone).rows()) == {"gone": 1, "unreadable": 5}
    assert counts(warehouse, backbone).wrong == ()
    assert all(one.endswith(".") for one in warehouse.read(TABLE)["detail"])
    away.rename(gone)
    assert embedded(warehouse, backbone).n_new == 1
    assert dict(statuses(warehouse, backbone).rows()) == {"ok": 1, "unreadable": 5}


def test_another_network_has_rows_of_its_own_from_a_file_of_weights(
    home: Path, tmp_path: Path
) -> None:
    import timm
    import torch

    torch.manual_seed(1)
    weights = tmp_path / "own.pth"
    torch.save(timm.create_model("test_vit").state_dict(), weights)
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    warehouse = staged(home, scenes(3))
    for backbone in (packaged(), Backbone("test_vit", weights, sha256)):
        assert embedded(warehouse, backbone).n_new == 3
        assert counts(warehouse, backbone).wrong == ()
    assert warehouse.read(TABLE).group_by("backbone").len()["len"].to_list() == [3, 3]
    with pytest.raises(BackboneError, match="are others than named"):
        load(Backbone("test_vit", weights, "0" * 64))
    with pytest.raises(BackboneError, match="not those of this model"):
        load(Backbone(DEFAULT, weights, sha256))
    with pytest.raises(BackboneError, match="knows no such model"):
        load(Backbone("no_such_net", weights, sha256))
    text = put(tmp_path / "text.pth", b"no weights")
    with pytest.raises(BackboneError, match="holds no weights"):
        load(Backbone("test_vit", text, hashlib.sha256(b"no weights").hexdigest()))


def test_the_face_tells_and_its_check_blocks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = staged(home, scenes(2))
    faces = [assets.embeddings, checks.every_photo_is_embedded_once]

    def run() -> dg.ExecuteInProcessResult:
        return dg.materialize(faces, resources={"warehouse": warehouse}, raise_on_error=False)

    assert run().success
    with warehouse.connect() as conn:
        conn.execute(f"INSERT INTO {TABLE} SELECT * FROM {TABLE} LIMIT 1")
        nan = "list_prepend('nan'::FLOAT, embedding[2:])"
        conn.execute(f"UPDATE {TABLE} SET embedding = {nan} WHERE rowid = 1")
    wrong = counts(warehouse, packaged()).wrong
    assert [one.split(" ", 1)[1] for one in wrong] == [
        "rows are of a photo that has one already.",
        "rows hold numbers that are none.",
    ]
    assert not run().success
    monkeypatch.setenv("REALTY_PHOTO_BACKBONE", "none")
    assert run().success


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_goes_on_where_it_was(home: Path, seed: int) -> None:
    dice = random.Random(seed)
    warehouse = staged(home, scenes(N_PHOTOS))
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(warehouse.path)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    stopped_after(process, dice.uniform(0.3, 4.0))
    stood = warehouse.read(TABLE) if warehouse.exists(TABLE) else pl.DataFrame({"photo_hash": []})
    assert stood.height % COMMIT == 0
    made = embedded(warehouse, packaged())
    assert made.n_new == N_PHOTOS - stood.height
    assert counts(warehouse, packaged()).wrong == ()
    rows = warehouse.read(TABLE)
    assert rows.height == rows["photo_hash"].n_unique() == N_PHOTOS
    if stood.height:
        # What was committed was not done again: it is there as it was.
        kept = rows.join(stood, on="photo_hash", how="semi").sort("photo_hash")
        assert kept.equals(stood.sort("photo_hash"))


def test_a_second_run_does_not_even_load_the_network(home: Path) -> None:
    warehouse = staged(home, scenes(1))
    embedded(warehouse, packaged())
    code = RUN.replace("load(packaged())\n", "") + 'assert "torch" not in sys.modules\n'
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", code, str(warehouse.path)], check=True)
    assert embeddings_table.COMMIT_PHOTOS > COMMIT
    assert time.monotonic() - started < 30


def test_the_real_weights_know_rooms_apart(net: Net, shared_data: Path) -> None:
    """The nearest photo of another house mostly shows the same room: untrained networks see
    colours, and reach about half."""
    rooms = ("bathroom", "bedroom", "frontal", "kitchen")
    folder = shared_data / "houses" / "photos"
    houses = sorted(folder.glob("*_frontal.jpg"))[:20]
    names = [(one.name.split("_")[0], room) for one in houses for room in rooms]
    photos = [Photo(f"{house} {room}", folder / f"{house}_{room}.jpg") for house, room in names]
    told = embed(net, photos, n_threads=2, max_pixels=MAX_PIXELS)
    found = np.stack([one.vector for one in told if one.vector is not None])
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    near = found @ found.T
    house = np.array([one for one, _ in names])
    near[house[:, None] == house[None]] = -2
    room = np.array([one for _, one in names])
    assert (room[near.argmax(axis=1)] == room).mean() > 0.85
