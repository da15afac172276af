"""The one place where an address that is asked for meets the addresses on record.

Both sides go through `address_keys`, so that "1234 Oak Lane Unit B" finds "1234 OAK LN #B". To
match on keys that the cleaning room makes, replace `address_keys` and sql/serving/addresses.sql.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_CHARACTERS = 200  # beyond it a line is no address


@dataclass(frozen=True)
class Address:
    """An address taken apart; None where it does not say."""

    street: str  # number, directions, name and suffix as the post office writes them
    unit: str
    postal_code: str | None
    city: str | None


def address_keys(lines: Sequence[str | None], units: Sequence[str | None]) -> list[Address | None]:
    """Street and unit of each address line, `units` where the line has none.

    None: no house number and street name could be found in it.
    """
    import doorplate

    short = [line if line and len(line) <= MOST_CHARACTERS else "" for line in lines]
    parsed = doorplate.parse_many(short)
    return [_taken_apart(one, unit) for one, unit in zip(parsed, units, strict=True)]


def house_number(line: str) -> str:
    """The first word of an address line: what narrows the search down before it is parsed."""
    words = line.upper().split()
    return words[0].strip(".,#") if words else ""


def _taken_apart(parsed: object, unit: str | None) -> Address | None:
    def told(name: str) -> str:
        return str(getattr(parsed, name, None) or "").upper().strip()

    if parsed is None or not told("street_number") or not told("street_name"):
        return None
    street = [
        told(name)
        for name in (
            *["street_number", "street_dir_prefix", "street_name"],
            *["street_suffix", "street_dir_suffix"],
        )
    ]
    own = _plain_unit(told("building") + " " + told("unit_number") + told("second_unit_number"))
    return Address(
        "|".join(street),
        own or _plain_unit(unit or ""),
        told("zip5") or None,
        told("city") or None,
    )


def _plain_unit(unit: str) -> str:
    """A unit without the word for it: "Apt. 4-B", "#4B" and "4b" are one."""
    words = "".join(mark if mark.isalnum() else " " for mark in unit.upper()).split()
    named = {"APT", "APARTMENT", "UNIT", "STE", "SUITE", "NO", "NUMBER"}
    kept = words[1:] if len(words) > 1 and words[0] in named else words
    return "".join(kept)
