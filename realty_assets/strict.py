"""The one base of files that people write: a field that is not known is an error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of such a file; it does not change once it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
