"""Boosters of the newest walked months, kept so that a late registration trains nothing again.

A sale that is registered late belongs to a month that was walked before it was known. It asks for
a prediction by that month's model, which has not changed: what it learned from was known earlier.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from realty_assets.modeling.points import TrainingSet
from realty_assets.modeling.settings import Member, ModelSettings

CODE_VERSION = "1"
_HASH_BYTES = hashlib.sha256().digest_size


def booster_keys(data: TrainingSet, settings: ModelSettings) -> list[tuple[Member, str]]:
    """Each member with a hash (hex) of all that its bytes depend on: equal keys, equal boosters."""
    import xgboost as xgb

    learned = data.sha256()
    parts = [learned, asdict(settings), xgb.__version__, CODE_VERSION]
    return [
        (member, hashlib.sha256(json.dumps([*parts, asdict(member)]).encode()).hexdigest())
        for member in settings.members
    ]


@dataclass(frozen=True)
class KeptBoosters:
    """A folder of boosters by key. It may be deleted at any time: what is missing is trained."""

    folder: Path

    def get(self, key: str) -> bytes | None:
        """The booster of `key`; None where it is not kept, or its file is not what was written."""
        path = self._path(key)
        if not path.exists():
            return None
        written = path.read_bytes()
        digest, raw = written[:_HASH_BYTES], written[_HASH_BYTES:]
        return raw if hashlib.sha256(raw).digest() == digest else None

    def put(self, key: str, raw: bytes) -> None:
        """Keeps a booster; written beside its place, then renamed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f".{key[:12]}-{uuid.uuid4().hex[:8]}"
        beside.write_bytes(hashlib.sha256(raw).digest() + raw)
        os.replace(beside, self._path(key))

    def only(self, keys: Iterable[str]) -> None:
        """Lets go of all others, and of what a killed run left half written."""
        wanted = {self._path(key) for key in keys}
        if self.folder.exists():
            for path in self.folder.iterdir():
                if path not in wanted:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.ubj"
