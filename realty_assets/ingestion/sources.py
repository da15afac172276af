"""Sources: how one vendor's headings become RESO columns, stated in a YAML mapping.

A mapping says what each heading means and how its cells are written; it holds no code. Mappings of
one vendor share a family: rows of one family are versions of the same listings, whichever form
they came in.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import Field, ValidationError, model_validator

from realty_assets.errors import RealtyError
from realty_assets.ingestion.contract import COLUMN_NAMES, PARCEL_COLUMN_NAMES
from realty_assets.ingestion.mapping_cells import Cell, Cells, Key, KnownAt
from realty_assets.strict import Strict

MAPPINGS = Path(__file__).parent / "mappings"


class SourceError(RealtyError):
    """A mapping cannot be used; the message names the file, the line and the field."""


class Source(Strict):
    """A vendor's export: which headings it has and what they mean."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: int = Field(ge=1)
    family: str = Field("", description="Shared by the forms of one vendor; default: the name.")
    description: str = ""
    delivery: Literal["history", "daily"] = Field(
        description="history: loaded late, known long ago; daily: known when it comes."
    )
    time_zone: str
    form: Literal["table", "json"] = Field("table", description="json: RESO Web API pages.")
    table: Literal["listings", "parcels"] = "listings"
    recognised_by: tuple[str, ...] = ()
    headings: tuple[str, ...] = Field(
        (), description="Of a file without a heading row; read so only when the source is named."
    )
    encoding: Literal["", "cp1252", "cp437", "latin-1"] = Field(
        "", description="Of files that are not Unicode; empty: found out, Windows-1252 if need be."
    )
    quoted: bool = Field(True, description="False: a quote mark is a character like any other.")
    disclaimers: tuple[str, ...] = Field(
        (), description="How a first cell begins that is a notice and no data."
    )
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$")
    usd_rate: float = Field(1.0, gt=0, description="US dollars per unit of the currency, fixed.")
    key: Key = Key()
    known_at: tuple[KnownAt, ...] = Field(min_length=1)
    columns: dict[str, Cells]
    fixed: dict[str, str | int | float | bool] = Field(default_factory=dict)
    closed_when_priced: bool = Field(
        False, description="No status column: a row with a close price is closed."
    )
    volatile: tuple[str, ...] = Field(
        (), description="Headings that change without news; left out of the row hash."
    )
    private: tuple[str, ...] = Field((), description="Headings that never leave raw.")
    quarantine_max_share: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Share of a file's rows above which it is refused; unset: that of the home.",
    )
    market_box: tuple[float, float, float, float] | None = Field(
        None, description="Latitude from, to, longitude from, to: nothing lies outside."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Source:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"time_zone '{self.time_zone}' is not known") from error
        if not self.recognised_by and not self.headings:
            raise ValueError("give recognised_by, or the headings of a file that has none")
        if (self.currency == "USD") != (self.usd_rate == 1.0):
            raise ValueError(f"state the usd_rate of {self.currency}: US dollars for one of it")
        self._columns_fit()
        cells = [cell for _, cell in self.cells()]
        # A heading that stands in for another fills its column in that one's absence only.
        targets = [cell.to for cell in cells if not cell.unless_heading]
        if twice := sorted({name for name in targets if targets.count(name) > 1}):
            raise ValueError(f"two headings fill {', '.join(twice)}")
        if both := sorted(set(self.private) & set(self.columns)):
            raise ValueError(f"heading '{both[0]}' is private and mapped")
        if lost := sorted(set(self.volatile) - set(self.columns)):
            raise ValueError(f"volatile heading '{lost[0]}' is not mapped")
        if lost := [name for name in self.recognised_by if name not in self.columns]:
            raise ValueError(f"recognised_by names '{lost[0]}', which is not mapped")
        filled = {*(cell.to for cell in cells), *self.fixed}
        wanted = [*self.key.join]
        wanted += [
            name for rule in self.known_at for name in (rule.column, rule.end_of_day) if name
        ]
        if lost := [name for name in wanted if name not in filled]:
            raise ValueError(
                f"'{lost[0]}' is needed for the key or known_at, and no heading fills it"
            )
        return self

    def _columns_fit(self) -> None:
        names = COLUMN_NAMES if self.table == "listings" else PARCEL_COLUMN_NAMES
        stated = {cell.to for _, cell in self.cells() if not cell.to.startswith("_")}
        if lost := sorted(stated - set(names)):
            raise ValueError(f"'{lost[0]}' is not a column of staging.{self.table}")
        if lost := sorted(set(self.fixed) - set(names)):
            raise ValueError(f"fixed: '{lost[0]}' is not a column of staging.{self.table}")
        if self.headings and (lost := [name for name in self.columns if name not in self.headings]):
            raise ValueError(f"column '{lost[0]}' is not among the headings")
        for _, cell in self.cells():
            asked = cell.only_if.heading if cell.only_if else ""
            if asked and asked not in self.columns:
                raise ValueError(f"only_if names heading '{asked}', which is not mapped")

    @property
    def group(self) -> str:
        """What stands in the column `source` of every table."""
        return self.family or self.name

    @property
    def mapping_hash(self) -> str:
        """Changes when a row may be read differently."""
        left_out = {"description", "recognised_by", "private", "quarantine_max_share"}
        said = self.model_dump(mode="json", exclude=left_out)
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    def cells(self) -> list[tuple[str, Cell]]:
        """(heading, cell) in the mapping's order, which the row hash follows."""
        return [(heading, cell) for heading, cells in self.columns.items() for cell in cells]


@dataclass(frozen=True)
class UnknownHeadings:
    """No source has these headings."""

    nearest: str
    missing: tuple[str, ...]


def plain(heading: str) -> str:
    """A heading as it is compared: without case and surplus spaces."""
    return " ".join(heading.split()).casefold()


def read_mapping(path: Path) -> Source:
    """The source that a YAML file states. Raises SourceError naming line and field."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        stated = yaml.safe_load(text)
    except OSError as error:
        raise SourceError(f"The mapping {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"The mapping {path} is not UTF-8 text.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise SourceError(
            f"The mapping {path.name}{where} is not valid YAML: {getattr(error, 'problem', error)}."
        ) from error
    if not isinstance(stated, dict):
        raise SourceError(f"The mapping {path.name}, line 1: expected fields such as 'name:'.")
    try:
        return Source(**stated)
    except (ValidationError, TypeError) as error:
        if isinstance(error, TypeError):
            raise SourceError(f"The mapping {path.name}, line 1: field names are words.") from error
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the mapping as a whole"
        why = first["msg"].removeprefix("Value error, ")
        line = _line_of(node, first["loc"])
        raise SourceError(f"The mapping {path.name}, line {line}, field {field}: {why}.") from error


def _line_of(node: yaml.Node | None, loc: Sequence[str | int]) -> int:
    line = node.start_mark.line if node is not None else 0
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if str(key.value) == str(part)]
            if not found:
                # A single cell stands where a list may stand: its index has no node of its own.
                if isinstance(part, int):
                    continue
                break
            line, node = found[0][0].start_mark.line, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line
        else:
            break
    return line + 1


@cache
def built_in() -> tuple[Source, ...]:
    """The mappings that come with the package, by name."""
    return tuple(read_mapping(path) for path in sorted(MAPPINGS.glob("*.yaml")))


def user_sources(home: Path) -> tuple[Source, ...]:
    """The mappings in a home's sources folder. Raises SourceError for a broken one."""
    return tuple(read_mapping(path) for path in sorted((home / "sources").glob("*.yaml")))


def load_source(name_or_path: str | Path, home: Path | None = None) -> tuple[Source, ...]:
    """The forms of a source, by family, name or path of a YAML file.

    Raises SourceError naming the sources that exist.
    """
    text = str(name_or_path)
    if re.search(r"\.ya?ml$", text):
        return (read_mapping(Path(text)),)
    known = all_sources(home)
    found = tuple(source for source in known if text in (source.name, source.group))
    if not found:
        names = ", ".join(sorted({source.group for source in known}))
        raise SourceError(
            f"There is no source '{text}': choose one of {names}, or give the path of a YAML "
            "mapping."
        )
    return found


def all_sources(home: Path | None = None) -> tuple[Source, ...]:
    """A home's own mappings, which go before built-in ones of the same name, and the built-in."""
    own = user_sources(home) if home is not None else ()
    names = {source.name for source in own}
    return own + tuple(source for source in built_in() if source.name not in names)


def recognise(
    headings: Iterable[str], sources: Sequence[Source] | None = None
) -> Source | UnknownHeadings:
    """The source whose telling headings are all there; of several, the one that maps the most."""
    found = {plain(heading) for heading in headings}
    sources = built_in() if sources is None else sources
    fitting = [
        source
        for source in sources
        if source.recognised_by and all(plain(name) in found for name in source.recognised_by)
    ]
    if fitting:
        return max(fitting, key=lambda s: sum(plain(heading) in found for heading in s.columns))

    def likeness(source: Source) -> float:
        theirs = {plain(heading) for heading in source.columns}
        return len(theirs & found) / len(theirs | found)

    nearest = max(sources, key=likeness)
    missing = tuple(name for name in nearest.recognised_by if plain(name) not in found)
    return UnknownHeadings(nearest.name, missing)
