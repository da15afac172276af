"""Whether the tables of the room keep their promises; read anew, whatever made them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from realty_assets.cleaning.making import Reader
from realty_assets.cleaning.rules import ANALYST, NOTES, RULE_SENTENCES
from realty_assets.statements import sql


@dataclass(frozen=True)
class Audit:
    """Promise -> how many rows break it (0 where it is kept)."""

    n_wrong: dict[str, int]

    @property
    def kept(self) -> bool:
        return not any(self.n_wrong.values())

    @property
    def sentence(self) -> str:
        broken = [f"{name}: {n} do not." for name, n in self.n_wrong.items() if n]
        return " ".join(broken) or "All promises are kept."


def audit_links(reader: Reader) -> Audit:
    """Homes: units apart, every version linked, every link with its evidence."""
    return _audit(reader.read(sql("clean/wrong_links.sql")))


def audit_sales(reader: Reader) -> Audit:
    """Sales: one home each, every closed listing in exactly one, none excluded without a rule."""
    known = sorted(set(RULE_SENTENCES) - NOTES)
    bound = {"rule_ids": known, "analyst": ANALYST}
    return _audit(reader.read(sql("clean/wrong_sales.sql"), bound))


def audit_exclusions(reader: Reader) -> Audit:
    """Exclusions: those of clean.sales and no others, each with a reason."""
    return _audit(reader.read(sql("clean/wrong_exclusions.sql")))


def _audit(found: pl.DataFrame) -> Audit:
    return Audit({name: int(n) for name, n in found.select("promise", "n_wrong").iter_rows()})
