"""multimodal.embeddings: each photo embedded once by each network, some at a time.

The key is bytes x network x preprocessing, so that nothing is ever embedded twice; rows of a
network that is no longer asked for stay, and going back to it costs nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl

from realty_assets.faces import BUILDS, record_build
from realty_assets.fingerprint import table_fingerprint
from realty_assets.ingestion.photo_contract import UNREADABLE
from realty_assets.multimodal.backbone import Backbone, load
from realty_assets.multimodal.embedding import Embedded, Photo, batches, embed
from realty_assets.multimodal.pictures import PREPROCESSING
from realty_assets.statements import SqlFile, sql
from realty_assets.warehouse import TableReport, Tx, Warehouse

TABLE = "multimodal.embeddings"
CODE_VERSION = "1"
# Photos of one transaction: what a kill costs at most.
COMMIT_PHOTOS = 256
# Photos that are no pictures, or nobody's, are not looked at; copies of one picture are one photo.
BARRED = (*UNREADABLE, "orphan")
Log = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """What an embedding run left behind: the table, and what it did, in `seconds` without those
    that loading the network took."""

    report: TableReport
    output_hash: str
    reused: bool
    n_wanted: int
    n_new: int
    seconds: float


@dataclass(frozen=True)
class Counts:
    """What is wrong in the table, in sentences, and how many photos there are."""

    n_wanted: int
    n_without: int
    wrong: tuple[str, ...]


def make_embeddings(
    warehouse: Warehouse,
    backbone: Backbone | None,
    *,
    n_threads: int,
    max_pixels: int,
    run_id: str | None = None,
    log: Log = lambda _: None,
) -> Made:
    """Embeds every photo of a listing that has not been; without a backbone, none.

    The network is loaded only when there is work. Killed anywhere, the next run goes on behind the
    last transaction. Raises BackboneError; WarehouseMissing before photos were taken in.
    """
    with warehouse.transaction() as tx:
        create_table(tx)
        waiting = _waiting(tx, warehouse, backbone)
    seconds = 0.0
    if waiting and backbone is not None:
        net = load(backbone)
        started = time.perf_counter()
        found = embed(net, waiting, n_threads=n_threads, max_pixels=max_pixels)
        n_done = 0
        for some in batches(found, COMMIT_PHOTOS):
            with warehouse.transaction() as tx:
                write(tx, backbone, some, run_id)
            n_done += len(some)
            log(f"{n_done:,} of {len(waiting):,} photos embedded")
        seconds = time.perf_counter() - started
    with warehouse.transaction() as tx:
        return _settled(tx, backbone, len(waiting), seconds)


def create_table(tx: Tx) -> None:
    """Makes the table when there is none."""
    tx.conn.execute("CREATE SCHEMA IF NOT EXISTS multimodal")
    tx.conn.execute(sql("multimodal/embeddings_table.sql").text)


def _wanted() -> SqlFile:
    return sql("multimodal/photos_wanted.sql").bind(barred=list(BARRED))


def _of(query: str, backbone: Backbone) -> SqlFile:
    """A statement over the photos that are wanted and the rows of one network."""
    bound = {"backbone": backbone.key, "preprocessing": PREPROCESSING}
    return sql(query).bind(**bound).over(wanted=_wanted())


def _waiting(tx: Tx, warehouse: Warehouse, backbone: Backbone | None) -> list[Photo]:
    if backbone is None:
        return []
    rows = tx.read(_of("multimodal/photos_waiting.sql", backbone)).rows()
    return [Photo(photo_hash, warehouse.home / path) for photo_hash, path in rows]


def write(tx: Tx, backbone: Backbone, some: Sequence[Embedded], run_id: str | None) -> None:
    """Adds what became of some photos; one that has its row already keeps it."""
    now = datetime.now(UTC).replace(tzinfo=None)
    frame = pl.DataFrame(
        {
            "photo_hash": [one.photo_hash for one in some],
            "backbone": [backbone.key] * len(some),
            "preprocessing": [PREPROCESSING] * len(some),
            "status": [one.status for one in some],
            "detail": pl.Series([one.detail for one in some], dtype=pl.String),
            "n_dims": pl.Series(
                [None if one.vector is None else len(one.vector) for one in some], dtype=pl.Int32
            ),
            "embedding": pl.Series([one.vector for one in some], dtype=pl.List(pl.Float32)),
            "embedded_at": [now] * len(some),
            "run_id": pl.Series([run_id] * len(some), dtype=pl.String),
        }
    )
    tx.conn.register("incoming_embeddings", frame.to_arrow())
    try:
        tx.conn.execute(sql("multimodal/embeddings_gone.sql").text)
        new = sql("multimodal/embeddings_new.sql").text
        tx.conn.execute(f"INSERT INTO {TABLE} BY NAME {new}")
    finally:
        tx.conn.unregister("incoming_embeddings")


def _settled(tx: Tx, backbone: Backbone | None, n_new: int, seconds: float) -> Made:
    """Records what the table was made from, and what it holds."""
    wanted = tx.read(_wanted())["photo_hash"].to_list()
    asked = [CODE_VERSION, PREPROCESSING, backbone.key if backbone else "", *wanted]
    input_hash = hashlib.sha256("\n".join(asked).encode()).hexdigest()
    _, output_hash = table_fingerprint(tx.conn, TABLE)
    build = sql("multimodal/embeddings_build.sql")
    known = tx.read(build).rows() if tx.exists(BUILDS) else []
    reused = known == [(input_hash, output_hash)]
    if not reused:
        record_build(tx, TABLE, input_hash, output_hash, CODE_VERSION)
    return Made(tx.report(TABLE), output_hash, reused, len(wanted), n_new, seconds)


def counts(warehouse: Warehouse, backbone: Backbone | None) -> Counts:
    """Holds the table against the photos that are wanted."""
    if backbone is None:
        return Counts(0, 0, ())
    told = warehouse.read(_of("multimodal/embedding_counts.sql", backbone)).row(0, named=True)
    said = {
        "n_missing": "photos of listings have no row",
        "n_twice": "rows are of a photo that has one already",
        "n_unlike_status": "rows have numbers where their status says none, or none where ok",
        "n_wrong_size": "rows have another number of dimensions than they or the others say",
        "n_not_finite": "rows hold numbers that are none",
    }
    wrong = tuple(f"{told[name]:,} {text}." for name, text in said.items() if told[name])
    return Counts(told["n_wanted"], told["n_without"], wrong)


def statuses(warehouse: Warehouse, backbone: Backbone) -> pl.DataFrame:
    """How many photos have which status: status, n_photos."""
    bound = {"backbone": backbone.key, "preprocessing": PREPROCESSING}
    return warehouse.read(sql("multimodal/embedding_statuses.sql").bind(**bound))


def vectors(warehouse: Warehouse, backbone: Backbone) -> tuple[list[str], np.ndarray]:
    """(photo hashes, (n, n_dims) float32) of every photo that `backbone` embedded, by hash."""
    bound = {"backbone": backbone.key, "preprocessing": PREPROCESSING}
    with warehouse.connect() as conn:
        query = sql("multimodal/vectors.sql").bind(**bound)
        table = conn.execute(query.text, dict(query.params)).to_arrow_table().combine_chunks()
    hashes = table.column("photo_hash").to_pylist()
    flat = table.column("embedding").combine_chunks()
    values = flat.flatten().to_numpy(zero_copy_only=False)
    return hashes, values.reshape(len(hashes), -1) if hashes else np.empty((0, 0), np.float32)
