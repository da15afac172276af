"""Files that people write: a field that is not known is an error, and what is wrong is named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from realty_assets.errors import RealtyError

Read = TypeVar("Read", bound="Strict")


class Strict(BaseModel):
    """A part of such a file; it does not change once it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    def sha256(self) -> str:
        """Changes when what is said changes; comments and spaces do not count."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


def read_strict(form: type[Read], path: Path, what: str, error: type[RealtyError]) -> Read:
    """`path` as a `form`. Raises `error`, naming the file (`what` it is) and what is wrong."""
    try:
        return form.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as cause:
        raise error(_unusable(what, path, f"it cannot be read ({cause.strerror})")) from cause
    except (yaml.YAMLError, UnicodeDecodeError) as cause:
        said = " ".join(str(cause).split())
        raise error(_unusable(what, path, f"it is not YAML: {said}")) from cause
    except ValidationError as cause:
        first = cause.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise error(_unusable(what, path, f"{where}: {first['msg']}")) from cause


def read_own(
    form: type[Read],
    home: Path | None,
    name: str,
    default: Path,
    what: str,
    error: type[RealtyError],
) -> Read:
    """The file `name` of `home` where it has one, else the package's own `default`; as
    `read_strict`."""
    own = None if home is None else home / name
    return read_strict(form, own if own is not None and own.exists() else default, what, error)


def _unusable(what: str, path: Path, why: str) -> str:
    return f"{what} {path} cannot be used: {why}."
