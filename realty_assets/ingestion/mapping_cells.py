"""The parts of a mapping: what one heading fills, how a key is made, when a row became known."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from realty_assets.ingestion.contract import COLUMN_NAMES, PARCEL_COLUMN_NAMES
from realty_assets.strict import Strict

# Read for the rules and for the time of a row only, never staged.
HELPERS = (
    "_acres",
    "_list_price_per_sqft",
    "_close_price_per_sqft",
    "_status_change_date",
    "_record_status",
)
# Made by ingestion itself.
RESERVED = ("file_hash", "record_number", "line_number", "source", "row_hash", "known_at", "flags")
# What a record says of the one before it under the same key.
RECORD_STATUSES = ("new", "corrected", "deleted")
Kind = Literal[
    "text", "money", "number", "integer", "date", "month", "timestamp", "yes_no", "lookup", "zip"
]
Unit = Literal["square_feet", "square_metres", "acres", "hectares"]
SQFT_PER: dict[str, float] = {
    "square_feet": 1.0,
    "square_metres": 1 / 0.09290304,
    "acres": 43_560.0,
    "hectares": 10_000 / 0.09290304,
}
_AREAS = (
    "living_area",
    "lot_size_square_feet",
    "above_grade_finished_area",
    "below_grade_finished_area",
    "neighbor_living_area",
    "neighbor_lot_size",
    "land_area",
    "_list_price_per_sqft",
    "_close_price_per_sqft",
)


class OnlyIf(Strict):
    """A cell counts only in rows where another heading holds (or does not hold) certain words."""

    heading: str
    words: tuple[str, ...] = Field(min_length=1)
    negated: bool = Field(False, description="Only where the heading holds none of the words.")
    flag: bool = Field(False, description="Flag the rows in which a filled cell does not count.")


class Cell(Strict):
    """One column that a heading fills, and how its cells are written."""

    to: str = Field(description="RESO column in snake_case, or a helper such as _acres.")
    kind: Kind = Field("text", alias="as")
    formats: tuple[str, ...] = Field((), description="strptime forms, the usual one first.")
    values: dict[str, Any] = Field(default_factory=dict, description="Words of a lookup.")
    otherwise: Literal["unknown", "keep"] = Field(
        "unknown", description="A word that the lookup does not hold: flag it, or keep it as is."
    )
    zero_is_missing: bool = Field(False, description="0 stands for 'not known' or 'never'.")
    marks: str = Field("", description="Characters after a number that mean something else.")
    unit: Unit = Field("square_feet", description="What an area is measured in.")
    unit_heading: str = Field(
        "", description="A heading that says of each row what the area is measured in."
    )
    missing_words: tuple[str, ...] = Field((), description="Words that stand for an empty cell.")
    only_if: OnlyIf | None = None
    unless_heading: str = Field("", description="Read only when the file lacks this heading.")

    @model_validator(mode="after")
    def _fits(self) -> Cell:
        if self.to not in (*COLUMN_NAMES, *PARCEL_COLUMN_NAMES, *HELPERS):
            raise ValueError(f"'{self.to}' is not a column of staging.listings or staging.parcels")
        if self.to in RESERVED:
            raise ValueError(f"'{self.to}' is filled by ingestion itself")
        if self.kind in ("date", "month", "timestamp") and not self.formats:
            raise ValueError(f"a {self.kind} needs its formats, such as '%m/%d/%Y'")
        if self.kind == "lookup" and not self.values:
            raise ValueError("a lookup needs its values")
        if self.unit != "square_feet" and self.to not in _AREAS:
            raise ValueError(f"'{self.to}' is no area and has no unit")
        if self.unit_heading and (self.to not in _AREAS or self.unit != "square_feet"):
            raise ValueError(f"'{self.to}' is no area, or has its unit stated already")
        if self.to == "_record_status" and not set(self.values.values()) <= set(RECORD_STATUSES):
            raise ValueError(f"_record_status is a lookup to {', '.join(RECORD_STATUSES)}")
        return self


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Cells = Annotated[tuple[Cell, ...], BeforeValidator(_as_list)]


class Key(Strict):
    """How a listing is named: by one column, or by several joined (dates as yyyymmdd)."""

    join: tuple[str, ...] = ("listing_key",)
    separator: str = "-"


class KnownAt(Strict):
    """One way to know when a row became known. The first that gives a time counts."""

    column: str | None = Field(None, description="A timestamp column.")
    end_of_day: str | None = Field(None, description="A date column: known at its end, local.")
    lag_days: int = Field(0, ge=0, description="Reporting lag after the end of that day.")
    file: Literal["latest_date", "arrival"] | None = None

    @model_validator(mode="after")
    def _one(self) -> KnownAt:
        if sum(x is not None for x in (self.column, self.end_of_day, self.file)) != 1:
            raise ValueError("give exactly one of column, end_of_day and file")
        return self
