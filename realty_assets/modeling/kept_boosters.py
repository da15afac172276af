"""Boosters of the newest walked months, kept so that a late registration trains nothing again.

A sale that is registered late belongs to a month that was walked before it was known. It asks for
a prediction by that month's model, which has not changed: what it learned from was known earlier.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from realty_assets.modeling.boosters import CODE_VERSION
from realty_assets.modeling.points import TrainingSet, train_member
from realty_assets.modeling.settings import Member, ModelSettings

_ONE_DAY_S = 86_400.0
_HASH_BYTES = hashlib.sha256().digest_size


def booster_key(data: TrainingSet, member: Member, settings: ModelSettings) -> str:
    """Hash (hex) of all that a booster's bytes depend on: equal keys, equal boosters."""
    import xgboost as xgb

    parts = [data.sha256(), asdict(member), asdict(settings), xgb.__version__, CODE_VERSION]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True)
class KeptBoosters:
    """A folder of boosters by key. It may be deleted at any time: what is missing is trained."""

    folder: Path

    def trained(self, data: TrainingSet, member: Member, settings: ModelSettings) -> bytes:
        """The booster of `train_member`: the one that is kept, else a new one, which is kept."""
        key = booster_key(data, member, settings)
        raw = self.get(key)
        if raw is None:
            raw = train_member(data, member, settings)
            self.put(key, raw)
        return raw

    def get(self, key: str) -> bytes | None:
        """The booster of `key`; None where it is not kept, or its file is not what was written."""
        try:
            written = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        digest, raw = written[:_HASH_BYTES], written[_HASH_BYTES:]
        return raw if hashlib.sha256(raw).digest() == digest else None

    def put(self, key: str, raw: bytes) -> None:
        """Keeps a booster; written beside its place, then renamed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f".{key[:12]}-{uuid.uuid4().hex[:8]}"
        beside.write_bytes(hashlib.sha256(raw).digest() + raw)
        os.replace(beside, self._path(key))

    def only(self, keys: Iterable[str]) -> None:
        """Lets go of all others, and of what a killed run left half written a day ago."""
        wanted = {self._path(key) for key in keys}
        for path in [*self.folder.glob("*.ubj"), *self.folder.glob(".*-*")]:
            if path not in wanted and (path.suffix == ".ubj" or _is_old(path)):
                path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.ubj"


def _is_old(path: Path) -> bool:
    """Whether nobody can be writing it any more."""
    return path.exists() and time.time() - path.stat().st_mtime > _ONE_DAY_S
