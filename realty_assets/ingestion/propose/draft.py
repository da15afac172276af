"""The draft: matches become a YAML mapping that can be read, with its doubts beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from realty_assets.ingestion.propose.cells import cells_of, guess_zone, json_text
from realty_assets.ingestion.propose.matching import SURE, Match, Matches, match
from realty_assets.ingestion.propose.sample import ProposalError, Sample, read_sample

_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_MOST_TELLING = 6
# A key of several columns, when no heading names the listing: the first set that is filled.
_KEYS = (
    ("parcel_number", "close_date"),
    ("unparsed_address", "close_date"),
    ("unparsed_address", "listing_contract_date"),
    ("parcel_number",),
    ("unparsed_address", "postal_code"),
    ("unparsed_address",),
    ("latitude", "longitude"),
)


@dataclass(frozen=True)
class Draft:
    """A mapping's text, and what it rests on."""

    name: str
    yaml: str
    matches: Matches
    n_headings: int
    n_rows: int
    questions: tuple[str, ...]


def propose(path: Path) -> Draft:
    """A draft mapping for a file. Raises ProposalError or FileRefused with one sentence."""
    sample = read_sample(path)
    return draft(_name(path), path.name, sample, match(sample))


def draft(name: str, file_name: str, sample: Sample, matches: Matches) -> Draft:
    """The mapping that `matches` make; `name` is a legal name of a source."""
    by_column = matches.by_column()
    if not matches.found:
        raise ProposalError(f"No heading of {file_name} means anything in a listing.")
    key = _key(by_column, file_name)
    zone, zone_trust, zone_why = guess_zone(by_column)
    delivery = "daily" if "modification_timestamp" in by_column else "history"
    questions = [f"time_zone: is it {zone}? ({zone_why})"]
    lines = [
        f"# A draft made from {_shown(file_name)}: "
        f"{len(sample.headings)} headings, {sample.n_rows} rows.",
        f"# Beside each heading: how sure it is, 0 to 1; below {SURE:g} with a question mark.",
        f"name: {name}",
        "version: 1",
        f"description: {_quoted(f'Draft from {file_name}', always=True)}",
        f"delivery: {delivery}  # ? daily: known when it comes; history: loaded late",
        f"time_zone: {zone}  # ? {zone_trust:.2f} {zone_why}",
        f"recognised_by: [{', '.join(_quoted(one) for one in _telling(matches))}]",
    ]
    if key != ("listing_key",):
        lines.append(f"key: {{join: [{', '.join(key)}]}}  # ? no heading names the listing itself")
        questions.append(f"key: is {' and '.join(key)} the same for no two listings?")
    lines += ["known_at:", *_known_at(by_column)]
    if "close_price" in by_column and not {"mls_status", "standard_status"} & set(by_column):
        lines.append("closed_when_priced: true  # ? no heading tells the status")
        questions.append("closed_when_priced: is every row with a close price a sale?")
    if not {"property_type", "property_sub_type"} & set(by_column):
        lines.append("# ? no heading tells the kind; where all are homes, take the # away:")
        lines.append("# fixed: {property_type: Residential}")
    if matches.private:
        lines.append("private:")
        lines += [f"  - {_quoted(heading)}" for heading in matches.private]
    lines.append("columns:")
    for one in matches.found:
        lines += _column(one, by_column)
        if not one.sure:
            also = f", or {' or '.join(one.also)}" if one.also else ""
            questions.append(f"{one.heading}: is it {one.column}{also}?")
    if matches.unknown:
        lines.append("# Kept in raw, and not read:")
        lines += [f"#   {_shown(heading)}" for heading in matches.unknown]
    return Draft(
        name,
        "\n".join(lines) + "\n",
        matches,
        len(sample.headings),
        sample.n_rows,
        tuple(questions),
    )


def _column(one: Match, by_column: dict[str, Match]) -> list[str]:
    mark = f"{one.confidence:.2f}" if one.sure else f"? {one.confidence:.2f}"
    if one.also and not one.sure:
        mark += f" also: {', '.join(one.also)}"
    cells = cells_of(one, by_column)
    if len(cells) == 1:
        return [f"  {_quoted(one.heading)}: {cells[0]}  # {mark}"]
    return [f"  {_quoted(one.heading)}:  # {mark}", *(f"    - {cell}" for cell in cells)]


def _key(by_column: dict[str, Match], file_name: str) -> tuple[str, ...]:
    if "listing_key" in by_column:
        return ("listing_key",)
    for columns in _KEYS:
        if all(name in by_column for name in columns):
            return columns
    raise ProposalError(
        f"No heading of {file_name} names a listing, a parcel or an address, so its rows could not "
        "be told apart: add such a column to the export."
    )


def _known_at(by_column: dict[str, Match]) -> list[str]:
    ways = []
    if "modification_timestamp" in by_column:
        ways.append("  - {column: modification_timestamp}")
    if "close_date" in by_column:
        ways.append(
            "  - {end_of_day: close_date}  # ? add lag_days: n where sales are reported late"
        )
    ways.append("  - {file: arrival}")
    return ways


def _telling(matches: Matches) -> list[str]:
    """The headings that the source is to be recognised by: the surest, in the file's order."""
    best = sorted(matches.found, key=lambda one: -one.confidence)[:_MOST_TELLING]
    return [one.heading for one in matches.found if one in best]


def _name(path: Path) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", path.name.split(".")[0].lower()).strip("_")
    return words if words[:1].isalpha() else f"source_{words}".rstrip("_")


def _quoted(text: str, always: bool = False) -> str:
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_ ]*[A-Za-z0-9_]|[A-Za-z]", text)
    if plain and not always and text.lower() not in _WORDS:
        return text
    return json_text(text)


def _shown(text: str) -> str:
    """A heading or file name as a comment may hold it."""
    return "".join(one if one.isprintable() else "?" for one in " ".join(text.split()))
