"""Statements from sql/, with their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from realty_assets.settings import REPO_ROOT

SQL_ROOT = REPO_ROOT / "sql"


@dataclass(frozen=True)
class SqlFile:
    """A statement from sql/, with the values of its named parameters ($name)."""

    name: str
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def bind(self, **params: Any) -> SqlFile:
        return replace(self, params={**self.params, **params})

    def over(self, **queries: SqlFile) -> SqlFile:
        """This statement with the rows of others under the names given, as if they were tables."""
        named = ", ".join(f"{name} AS (\n{other.text}\n)" for name, other in queries.items())
        params = {k: v for other in queries.values() for k, v in other.params.items()}
        text = f"WITH {named}\nSELECT * FROM (\n{self.text}\n)"
        return replace(self, text=text, params={**params, **self.params})


def sql(name: str) -> SqlFile:
    """The statement in sql/<name>, e.g. `sql("clean/sales.sql")`."""
    return SqlFile(name, (SQL_ROOT / name).read_text(encoding="utf-8"))
