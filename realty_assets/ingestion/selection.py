"""Which quarantined rows are meant, and what there is to tell of them."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

from realty_assets.errors import RealtyError
from realty_assets.ingestion.rules import RULES
from realty_assets.statements import sql
from realty_assets.warehouse import Tx

Resolution = Literal["open", "released", "discarded", "retried"]
RESOLUTIONS: tuple[Resolution, ...] = ("open", "released", "discarded", "retried")
# A list never shows cells: raw text names agents and owners.
LISTED = (
    *("quarantine_id", "file_name", "file_hash", "line_number", "source", "listing_key"),
    *("rule_ids", "resolution"),
)


class NoSuchRows(RealtyError):
    """Nothing in quarantine fits, or more than was asked for."""


class Selection(BaseModel):
    """Quarantined rows that fit everything that is said; what is None is not asked.

    `file`: a name that the file came under, or at least 8 digits of its sha256; `source`: a
    mapping or a family; `quarantine_id`: a row's own name, or how it begins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    quarantine_id: str | None = None
    rule_ids: tuple[str, ...] = ()
    file: str | None = None
    source: str | None = None
    listing_key: str | None = None
    line_number: int | None = None

    @property
    def everything(self) -> bool:
        return self == Selection()

    def rows(self, tx: Tx, resolution: Resolution | None = None) -> pl.DataFrame:
        """The rows of staging.quarantine; of one resolution, or of any.

        Raises NoSuchRows for a rule that does not exist.
        """
        if unknown := [rule for rule in self.rule_ids if rule not in RULES]:
            raise NoSuchRows(
                f"There is no rule {unknown[0]!r}: `realty quarantine list` names those that rows "
                "break."
            )
        asked = self.model_dump() | {
            "rule_ids": list(self.rule_ids) or None,
            "resolution": resolution,
        }
        return tx.read(sql("staging/quarantine_selected.sql"), asked)


def listed(
    tx: Tx, selection: Selection, resolution: Resolution | None, limit: int
) -> dict[str, Any]:
    """Counts by rule, file and resolution, and the first `limit` rows, without their cells."""
    rows = selection.rows(tx, resolution)
    by_rule = rows.select(rule=pl.col("rule_ids")).explode("rule").group_by("rule").len("n_rows")
    by_file = rows.group_by("file_name", "source").len("n_rows")
    return {
        "n_rows": rows.height,
        "by_resolution": rows.group_by("resolution").len("n_rows").sort("resolution").to_dicts(),
        "by_rule": [
            {**row, "sentence": RULES[row["rule"]].sentence if row["rule"] in RULES else None}
            for row in by_rule.sort(["n_rows", "rule"], descending=[True, False]).to_dicts()
        ],
        "by_file": by_file.sort(["n_rows", "file_name"], descending=[True, False]).to_dicts(),
        "rows": rows.select(LISTED).head(limit).to_dicts(),
    }


def shown(tx: Tx, selection: Selection) -> dict[str, Any]:
    """Everything there is to tell of one row: raw text, place, rules, resolution and history.

    Raises NoSuchRows when none or several fit.
    """
    rows = selection.rows(tx)
    if rows.height != 1:
        found = "no row of it fits" if not rows.height else f"{rows.height:,} rows of it fit"
        raise NoSuchRows(
            f"Of the quarantine, {found}: name one row by its id, or by --file and --line "
            "(`realty quarantine list` has them)."
        )
    row = rows.row(0, named=True)
    named = {"quarantine_id": row["quarantine_id"]}
    told = zip(row.pop("rule_ids"), row.pop("rule_versions"), strict=True)
    return {
        **{name: value for name, value in row.items() if name not in ("raw_text", "detail")},
        "rules": [
            {
                "rule": rule,
                "version": version,
                "severity": RULES[rule].severity if rule in RULES else None,
                "sentence": RULES[rule].sentence if rule in RULES else None,
            }
            for rule, version in told
        ],
        "detail": row["detail"],
        "history": tx.read(sql("staging/quarantine_history.sql"), named).to_dicts(),
        "raw_text": row["raw_text"],
    }
