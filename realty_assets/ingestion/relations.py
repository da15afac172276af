"""What a delivered file is to those that came before it.

new           nothing of this content or name is known, or no key of it stands in its namesakes
re-delivered  the same bytes under the same name
renamed       the same bytes under a name they were not seen under
completed     it begins with all the bytes of an earlier file of its name: that one was cut off
corrected     other bytes under the same name, telling of listings that the earlier file told of
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import polars as pl

from realty_assets.ingestion.ledger import Delivery
from realty_assets.statements import sql
from realty_assets.warehouse import Tx

Relation = Literal["new", "re-delivered", "renamed", "completed", "corrected"]
READ_BYTES = 1 << 20


def beginnings(path: Path, earlier: Mapping[str, int]) -> tuple[str, ...]:
    """Which of the contents `earlier` ({sha256: bytes}) the file begins with, the shortest first.

    Only what is shorter than the file counts; one pass, up to the longest of them.
    """
    n_bytes = path.stat().st_size
    left = sorted((size, digest) for digest, size in earlier.items() if 0 < size < n_bytes)
    found: list[str] = []
    running, at = hashlib.sha256(), 0
    with path.open("rb") as file:
        for size, digest in left:
            while at < size:
                piece = file.read(min(READ_BYTES, size - at))
                if not piece:
                    return tuple(found)
                running.update(piece)
                at += len(piece)
            if running.hexdigest() == digest:
                found.append(digest)
    return tuple(found)


def relate(tx: Tx, delivery: Delivery, keys: pl.Series | None) -> tuple[Relation, str | None]:
    """(relation, sha256 of the content it relates to); `keys`: listing keys of its good rows."""
    earlier = tx.read(
        sql("ledger/earlier.sql"),
        {"file_hash": delivery.file_hash, "file_name": delivery.file_name},
    )
    same = earlier.filter(pl.col("file_hash") == delivery.file_hash)
    if same.height:
        known_name = delivery.file_name in same["file_name"]
        return ("re-delivered" if known_name else "renamed"), delivery.file_hash
    namesakes = earlier["file_hash"].to_list()
    if begun := [digest for digest in delivery.begins_with if digest in namesakes]:
        return "completed", begun[-1]
    if keys is not None and namesakes:
        tx.conn.register("incoming_keys", pl.DataFrame({"listing_key": keys}).to_arrow())
        telling = tx.read(sql("ledger/shared_keys.sql"), {"hashes": namesakes})["file_hash"]
        tx.conn.unregister("incoming_keys")
        if shared := [digest for digest in namesakes if digest in telling]:
            return "corrected", shared[-1]
    return "new", None
