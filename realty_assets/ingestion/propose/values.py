"""What the cells of a column say of it: its kind, its range, its form."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from realty_assets.ingestion.propose.words import plain_words, vocabulary, word_table

# Fewer filled cells than this say nothing.
FEW = 3
DATE_FORMS = (
    "%m/%d/%Y",
    "%Y-%m-%d",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y%m%dT%H%M%S",
    "%Y%m%d",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%m-%d-%Y",
    "%B-%d-%Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%m/%d/%y",
    "%d-%b-%y",
)
TRUE, FALSE = {"yes", "y", "true", "t", "1"}, {"no", "n", "false", "f", "0"}
STATES: dict[str, str] = vocabulary()["states"]


@dataclass(frozen=True)
class Profile:
    """The filled cells of one column, in the order of the file."""

    cells: pl.Series

    @property
    def told(self) -> bool:
        return self.cells.len() >= FEW

    @cached_property
    def distinct(self) -> list[str]:
        return self.cells.unique().sort().to_list()

    @cached_property
    def numbers(self) -> pl.Series:
        """Cells as numbers, without dollar signs, thousands separators and trailing marks."""
        plain = self.cells.str.strip_chars_start("$ ").str.strip_chars_end("*+ ")
        number = plain.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
        return number.drop_nulls().drop_nans()

    @cached_property
    def numeric_share(self) -> float:
        return self.numbers.len() / max(1, self.cells.len())

    @cached_property
    def median(self) -> float:
        middle = self.numbers.median()
        return float(middle) if isinstance(middle, int | float) else float("nan")

    def within(self, low: float, high: float) -> float:
        """Share of all cells that are numbers from `low` to `high`."""
        return int(self.numbers.is_between(low, high).sum()) / max(1, self.cells.len())

    def whole(self, low: float, high: float) -> float:
        """Share of all cells that are whole numbers from `low` to `high`."""
        fitting = self.numbers.is_between(low, high) & (self.numbers == self.numbers.round(0))
        return int(fitting.sum()) / max(1, self.cells.len())

    def like(self, form: str) -> float:
        """Share of cells that a regular expression finds."""
        return int(self.cells.str.contains(form).sum()) / max(1, self.cells.len())

    def among(self, words: set[str] | dict[str, str]) -> float:
        """Share of cells whose plain words are among `words`."""
        known = [cell for cell in self.distinct if plain_words(cell) in words]
        return int(self.cells.is_in(known).sum()) / max(1, self.cells.len())

    @property
    def unique_share(self) -> float:
        return len(self.distinct) / max(1, self.cells.len())

    @cached_property
    def date_forms(self) -> tuple[tuple[str, ...], float]:
        """(forms that read the cells, the one that reads most first; share of cells they read)."""
        if self.like(r"\d") < 0.5:
            return (), 0.0
        left = self.cells
        forms: list[str] = []
        while left.len() and len(forms) < 3:
            read = {form: _read(left, form) for form in DATE_FORMS}
            best = max(
                DATE_FORMS, key=lambda form: (int(read[form].sum()), -DATE_FORMS.index(form))
            )
            if not read[best].any() or (forms and int(read[best].sum()) < 0.01 * self.cells.len()):
                break
            forms.append(best)
            left = left.filter(~read[best])
        return tuple(forms), 1 - left.len() / max(1, self.cells.len())


def _read(cells: pl.Series, form: str) -> pl.Series:
    times = cells.str.to_datetime(form, time_unit="us", strict=False)
    return (times.is_not_null() & times.dt.year().is_between(1900, 2100)).fill_null(False)


def profile(cells: tuple[str, ...]) -> Profile:
    """The profile of a column's cells as they stand in the file."""
    texts = pl.Series("cells", cells, dtype=pl.String).str.strip_chars()
    return Profile(texts.filter(texts != ""))


_STATE_WORDS: set[str] = set(STATES) | {code.lower() for code in STATES.values()}
Fit = Callable[[Profile], float]


def _price(p: Profile) -> float:
    return p.within(1_000, 1e9) if p.median >= 10_000 else 0.4 * p.numeric_share


def _area(p: Profile) -> float:
    return p.within(100, 30_000) if 400 <= p.median <= 8_000 else 0.4 * p.numeric_share


def _lot(p: Profile) -> float:
    return p.within(0, 1e9) if p.median >= 500 else 0.3 * p.numeric_share


def _acres(p: Profile) -> float:
    return p.within(0, 5_000) if p.median < 100 else 0.1


def _date(p: Profile) -> float:
    return p.date_forms[1]


def _bathrooms(p: Profile) -> float:
    quarters = (p.numbers * 4 == (p.numbers * 4).round(0)) & p.numbers.is_between(0, 20)
    return int(quarters.sum()) / max(1, p.cells.len())


def _key(p: Profile) -> float:
    named = p.like(r"^[A-Za-z0-9-]{4,24}$")
    # A key that comes again is one of a home, or of a listing that was delivered twice.
    return named * (1.0 if p.unique_share == 1 else 0.85 if p.unique_share > 0.3 else 0.2)


def _text(p: Profile) -> float:
    return p.like(r"[A-Za-z]{2}")


def _few(p: Profile) -> float:
    return 1.0 if len(p.distinct) <= max(3, 0.3 * p.cells.len()) else 0.6


def _sure_words(table: str) -> Fit:
    return lambda p: max(0.65 if len(p.distinct) <= 12 else 0.2, p.among(word_table(table)))


def _latitude(p: Profile) -> float:
    return p.within(15, 72) if p.unique_share > 0.05 else 0.3


FITS: dict[str, Fit] = {
    "listing_key": _key,
    "parcel_number": lambda p: p.like(r"^[0-9][0-9A-Za-z .-]{5,}$"),
    "property_sub_type": lambda p: min(_few(p), max(0.7, p.among(word_table("kinds")))),
    "standard_status": _sure_words("statuses"),
    "mls_status": _sure_words("statuses"),
    "list_price": _price,
    "original_list_price": _price,
    "close_price": _price,
    "listing_contract_date": _date,
    "close_date": _date,
    "modification_timestamp": _date,
    "days_on_market": lambda p: p.whole(0, 5_000),
    "cumulative_days_on_market": lambda p: p.whole(0, 10_000),
    "unparsed_address": lambda p: p.like(r"^\S*\d\S*\s+\S+"),
    "street_number": lambda p: p.like(r"^\d+[A-Za-z/ -]{0,3}$"),
    "street_dir_prefix": lambda p: p.like(r"^(?i:[NSEW]{1,2}|north|south|east|west)\.?$"),
    "street_name": _text,
    "street_suffix": lambda p: p.like(_SUFFIX),
    "city": lambda p: min(_text(p), 1 - p.like(r"^\d")),
    "state_or_province": lambda p: max(p.like("^[A-Z]{2}$"), p.among(_STATE_WORDS)),
    "county_or_parish": _text,
    "postal_code": lambda p: p.like(r"^\d{5}(?:-?\d{4})?(?:\.0)?$"),
    "subdivision_name": _text,
    "mls_area_minor": _few,
    "mls_area_major": lambda p: min(_text(p), _few(p)),
    "latitude": _latitude,
    "longitude": lambda p: p.within(-180, -50),
    "living_area": _area,
    "lot_size_square_feet": _lot,
    "_acres": _acres,
    "year_built": lambda p: p.whole(1_700, 2_100),
    "year_renovated": lambda p: p.whole(1_700, 2_100) + p.whole(0, 0),
    "bedrooms_total": lambda p: p.whole(0, 33),
    "bathrooms_full": lambda p: p.whole(0, 20),
    "bathrooms_half": lambda p: p.whole(0, 20),
    "bathrooms_total": _bathrooms,
    "stories_total": lambda p: p.within(0, 120),
    "garage_spaces": lambda p: p.within(0, 50),
    "pool_private_yn": lambda p: p.among(TRUE | FALSE),
    "waterfront_yn": lambda p: p.among(TRUE | FALSE),
    "view_score": lambda p: p.whole(0, 4),
    "condition_score": lambda p: p.whole(1, 5),
    "grade_score": lambda p: p.whole(1, 13),
    "above_grade_finished_area": lambda p: p.within(0, 100_000) if p.median > 100 else 0.3,
    "below_grade_finished_area": lambda p: p.within(0, 100_000),
    "association_fee": lambda p: p.within(0, 100_000),
    "tax_annual_amount": lambda p: p.within(0, 1e7),
    "tax_year": lambda p: p.whole(1_900, 2_100) + p.whole(0, 0),
    "photos_count": lambda p: p.whole(0, 1_000),
    "_list_price_per_sqft": lambda p: p.within(1, 20_000),
    "_close_price_per_sqft": lambda p: p.within(1, 20_000),
}
_SUFFIX = (
    r"(?i)^(?:street|st|drive|dr|lane|ln|road|rd|court|ct|avenue|ave?|trail|trl|tr|circle|cir|way|"
    r"boulevard|blvd|place|pl|parkway|pkwy|terrace|ter|cove|cv|highway|hwy|loop|run|path|square|sq)\.?$"
)
# Columns that the cells alone give away, under whatever heading.
TELLING: dict[str, Callable[[Profile], bool]] = {
    "latitude": lambda p: p.like(r"^\d\d\.\d{3,}$") > 0.95 and _latitude(p) > 0.95,
    "longitude": lambda p: p.like(r"^-\d{2,3}\.\d{3,}$") > 0.95 and p.within(-180, -50) > 0.95,
    "unparsed_address": lambda p: (
        p.like(
            r"(?i)^\d+ .*\b(?:street|st|drive|dr|lane|ln|road|rd|court|ct|avenue|ave|trail|way)\b"
        )
        > 0.6
    ),
    "state_or_province": lambda p: p.among(_STATE_WORDS) > 0.95 and len(p.distinct) < 60,
}
FROM_VALUES = 0.55
# Cells do not make a name of what hardly shares a word with it.
_LEAST_NAME = 0.35


def judged(
    trust: float, whole: bool, column: str, cells: Profile | None, most_partial: float
) -> float:
    """`trust` of a name, after a look at the cells; None and few cells leave it as it is."""
    if cells is None or not cells.told or column not in FITS or trust < _LEAST_NAME:
        return trust
    fit = min(1.0, FITS[column](cells))
    if fit >= 0.9:
        raised = trust + 0.4 * (1 - trust)
        return raised if whole else min(raised, most_partial)
    if fit <= 0.5:
        return trust * 0.35
    return trust * (0.35 + 0.65 * (fit - 0.5) / 0.4)


def is_personal(cells: Profile) -> bool:
    """Whether cells hold e-mail addresses, telephone numbers, or running text such as remarks."""
    if not cells.told:
        return False
    if cells.like(r"^[^\s@]+@[^\s@]+\.\w+$") > 0.5 or cells.like(_PHONE) > 0.5:
        return True
    lengths = cells.cells.str.len_chars()
    prose = cells.cells.str.contains(r"^[A-Z][^|{\[]*[a-z][.!?] ") & (lengths >= 24)
    return int(prose.sum()) > 0.4 * cells.cells.len()


_PHONE = re.compile(r"^\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}$").pattern
