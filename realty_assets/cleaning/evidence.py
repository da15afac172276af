"""What a record says of its home, and when two records cannot tell of the same one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, hypot, radians

LISTING, PARCEL, ADDRESS, PLACE, FUZZY, FIRST = (
    *("listing", "parcel", "address"),
    *("place", "fuzzy", "first"),
)
# From the strongest down; a fuzzy link is asked for only when there is none of these.
EXACT = (LISTING, PARCEL, ADDRESS, PLACE)
AREA_TOLERANCE, CHANGED_AREA = 0.02, 0.10
NEAR_KM, SAME_SPOT_KM = 0.05, 0.002
_NO_PARCEL = {"", "NA", "NONE", "TBD", "UNKNOWN", "MULTIPLE", "PENDING", "UNASSIGNED", "SEEREMARKS"}
_SEVERAL = re.compile(r"[,;&+|]|\bAND\b", re.I)
_ATTACHED = re.compile(r"condo|town|apart|attached|co-?op|high.?rise|multi|plex", re.I)


@dataclass(frozen=True, slots=True)
class Record:
    """One way in which a listing named its home; sizes in square feet, places in degrees."""

    source: str
    listing_key: str
    parcel: str | None
    address_key: str | None
    street_number: str | None
    street_name: str | None
    unit: str | None
    postal_code: str | None
    city: str | None
    county: str | None
    latitude: float | None
    longitude: float | None
    living_area: float | None
    year_built: int | None
    bedrooms: int | None
    bathrooms: float | None
    lot: float | None
    attached: bool


def parcel_key(text: str | None) -> str | None:
    """Letters and digits of a parcel number, without leading zeros; None for a placeholder.

    Several numbers in one cell make one key of their own, which no single parcel has.
    """
    parts = [_parcel(part) for part in _SEVERAL.split(text or "")]
    return "+".join(sorted({part for part in parts if part})) or None


def names_several_parcels(text: str | None) -> bool:
    """Whether the cell of a parcel number names more than one."""
    key = parcel_key(text)
    return key is not None and "+" in key


def _parcel(text: str) -> str | None:
    bare = re.sub(r"[^A-Z0-9]+", "", text.upper()).lstrip("0")
    if bare in _NO_PARCEL or (len(bare) >= 4 and not bare.strip("9")):
        return None
    return bare


def name_key(text: str | None) -> str | None:
    """The name of a city or county without case, points and the word county."""
    bare = re.sub(r"[^A-Z0-9 ]+", "", (text or "").upper()).strip()
    return bare.removesuffix(" COUNTY") or None


def is_attached(*kinds: str | None) -> bool:
    """Whether a property type says that a building holds several homes."""
    return any(kind is not None and _ATTACHED.search(kind) for kind in kinds)


def keys_of(one: Record) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(kind, key) under which another record of the home may be found, strongest kind first."""
    yield LISTING, (one.source, one.listing_key)
    if one.parcel:
        yield PARCEL, (one.source, one.parcel)
        if one.county:
            yield PARCEL, ("county", one.county, one.parcel)
    if one.address_key:
        where = (one.address_key, one.unit or "")
        if one.postal_code:
            yield ADDRESS, (*where, "zip", one.postal_code)
        if one.city:
            yield ADDRESS, (*where, "city", one.city)
        if not one.postal_code and not one.city:
            yield ADDRESS, (*where, "source", one.source)
    if not one.parcel and not one.address_key and one.latitude is not None:
        yield PLACE, (one.source, f"{one.latitude:.5f} {one.longitude:.5f}")


def identity(one: Record) -> str:
    """The best that a record says of its home, as text; a home's key is made of its first one."""
    if one.parcel:
        return f"parcel {one.parcel}" + (f" #{one.unit}" if one.unit else "")
    if one.address_key:
        unit = f" #{one.unit}" if one.unit else ""
        return f"address {one.address_key}{unit} {one.postal_code or one.city or ''}".strip()
    if one.latitude is not None:
        return f"place {one.latitude:.5f} {one.longitude:.5f}"
    return f"listing {one.listing_key}"


def may_be_one(a: Record, b: Record, kind: str) -> bool:
    """Whether nothing that `a` and `b` say forbids the link that evidence of `kind` suggests.

    Two units are two homes, whatever else agrees. Homes of one building that name no unit are told
    apart by size and bedrooms.
    """
    if a.unit and b.unit and a.unit != b.unit:
        return False
    if kind == LISTING:
        return True
    if kind == FUZZY:
        return bool(a.unit and b.unit) or not (a.attached or b.attached) or _next_to_none(a, b)
    if kind == PARCEL:
        return _one_parcel(a, b)
    if kind == ADDRESS:
        return _one_address(a, b)
    # Coordinates are often rounded, or those of a row of houses: only the very same building.
    fields = ("living_area", "lot", "year_built", "bedrooms", "bathrooms")
    return all(_agree(getattr(a, name), getattr(b, name)) for name in fields)


def _one_parcel(a: Record, b: Record) -> bool:
    if not _agree(a.county, b.county):
        return False
    if (a.attached or b.attached) and not (a.unit and b.unit) and not _same_size(a, b):
        return False
    # New homes are often listed under the number of the tract that they stand on.
    if a.street_number and b.street_number and a.street_number != b.street_number:
        return _alike(a, b) or distance_km(a, b, unknown=1.0) <= NEAR_KM
    return True


def _one_address(a: Record, b: Record) -> bool:
    if (a.unit or None) != (b.unit or None) or not _agree(a.postal_code, b.postal_code):
        return False
    if not a.unit:
        if (a.attached or b.attached) and not (_same_flat(a, b) and _agree(a.parcel, b.parcel)):
            return False
        if not _agree(a.parcel, b.parcel) and not _same_size(a, b, CHANGED_AREA):
            return False
    nowhere = not (a.postal_code or a.city) or not (b.postal_code or b.city)
    return not nowhere or (_same_size(a, b) and distance_km(a, b, unknown=0.0) <= NEAR_KM)


def _agree(a: object, b: object) -> bool:
    return a is None or b is None or a == b


def _same_size(a: Record, b: Record, tolerance: float = AREA_TOLERANCE) -> bool:
    if not a.living_area or not b.living_area:
        return True
    return abs(a.living_area / b.living_area - 1) <= tolerance


def _same_flat(a: Record, b: Record) -> bool:
    return _same_size(a, b) and _agree(a.bedrooms, b.bedrooms)


def _next_to_none(a: Record, b: Record) -> bool:
    """Whether two homes of buildings with several cannot be neighbours of one plan."""
    same_door = a.street_number is not None and a.street_number == b.street_number
    return _same_flat(a, b) and (same_door or distance_km(a, b, unknown=1.0) <= SAME_SPOT_KM)


def _alike(a: Record, b: Record) -> bool:
    known = a.living_area and b.living_area and a.year_built and b.year_built
    return bool(known) and _same_size(a, b) and a.year_built == b.year_built


def distance_km(a: Record, b: Record, unknown: float) -> float:
    """Distance on a flat patch of the earth; `unknown` when one of the places is."""
    if a.latitude is None or b.latitude is None or a.longitude is None or b.longitude is None:
        return unknown
    east = (a.longitude - b.longitude) * cos(radians(a.latitude))
    return 111.19 * hypot(a.latitude - b.latitude, east)
