"""What a contract says of a column, and the Pandera schema that holds a table to it.

Contracts are read by everything that names a column; Pandera, which brings pandas along, is
imported by what validates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandera.polars as pa


@dataclass(frozen=True)
class Column:
    """A Polars type, what the column is, and what its cells may hold: `low` to `high`, both
    included (without `high`: at least `low`), the words `one_of`, or text of the pattern `form`.

    `severity` is what a cell outside that does to its row; empty: such a cell is never written.
    """

    type: Any
    says: str = ""
    low: Any = None
    high: Any = None
    one_of: tuple[str, ...] = ()
    form: str = ""
    severity: str = ""
    required: bool = True

    def checks(self) -> list[pa.Check]:
        """The same as Pandera checks."""
        import pandera.polars as pa

        checks = []
        if self.low is not None:
            within = (self.low, self.high)
            checks.append(
                pa.Check.ge(self.low) if self.high is None else pa.Check.in_range(*within)
            )
        if self.one_of:
            checks.append(pa.Check.isin(self.one_of))
        if self.form:
            checks.append(pa.Check.str_matches(self.form))
        return checks


@dataclass(frozen=True)
class Contract:
    """The columns of a table, all of them and no others."""

    name: str
    columns: Mapping[str, Column]

    @cached_property
    def schema(self) -> pa.DataFrameSchema:
        """The Pandera schema of the table."""
        import pandera.polars as pa

        return pa.DataFrameSchema(
            {
                name: pa.Column(
                    column.type,
                    column.checks(),
                    nullable=not column.required,
                    description=column.says,
                )
                for name, column in self.columns.items()
            },
            strict=True,
            name=self.name,
        )
