"""Holds the ledger against the tables: each file's rows, counted where they stand now.

A row that was released from quarantine, or passed a retry, stands in staging with a flag that says
so; its row in quarantine stays, with its resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from realty_assets.ingestion.contract import breaches, listings, parcels
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

CONTRACT_SAMPLE_ROWS = 50_000


@dataclass(frozen=True)
class Balance:
    """All staged files taken together, as their rows stand now, and those that do not add up."""

    n_files: int
    rows_read: int
    rows_staged: int
    rows_quarantined: int
    rows_unchanged: int
    wrong: list[dict[str, Any]]

    @property
    def sentence(self) -> str:
        if not self.wrong:
            return f"All {self.rows_read:,} rows of {self.n_files:,} files are accounted for."
        names = ", ".join(f"{one['file_name']} ({one['why']})" for one in self.wrong[:5])
        return f"Rows of {len(self.wrong)} files do not add up: {names}."


def unbalanced(warehouse: Warehouse) -> Balance:
    """Counts rows in raw, staging and quarantine by file and holds the ledger against them."""
    rows = warehouse.read(sql("ledger/conservation.sql")).to_dicts()
    wrong = [{**_plain(row), "why": why} for row in rows if (why := _why_wrong(row))]
    return Balance(
        len(rows),
        sum(int(row["rows_read_in_all"]) for row in rows),
        sum(int(row["staging_rows"]) for row in rows),
        sum(int(row["quarantine_rows"] - row["left_rows"]) for row in rows),
        sum(int(row["rows_unchanged"] + row["decided_unchanged"]) for row in rows),
        wrong,
    )


def _why_wrong(row: dict[str, Any]) -> str:
    told = row["rows_staged"] + row["rows_quarantined"] + row["rows_unchanged"]
    left = row["decided_staged"] + row["decided_unchanged"]
    found = [
        (told, row["rows_read_in_all"], "rows accounted for in the ledger"),
        (row["raw_rows"] + row["rows_malformed"], row["rows_read"], "rows in raw, and malformed"),
        (row["staging_rows"] - row["moved_rows"], row["rows_staged"], "rows in staging"),
        (row["moved_rows"], row["decided_staged"], "rows in staging that left quarantine"),
        (row["quarantine_rows"], row["rows_quarantined"], "rows in quarantine"),
        (row["left_rows"], left, "rows in quarantine that have left it"),
        (row["rows_in_two_places"], 0, "rows in staging and kept out"),
    ]
    return "; ".join(
        f"{int(has):,} {what}, should be {int(wants):,}"
        for has, wants, what in found
        if has != wants
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, str) else int(value) for name, value in row.items()}


def contract_breaches(warehouse: Warehouse) -> tuple[list[dict[str, Any]], int]:
    """(parts of the contract that staged rows break, rows looked at)."""
    found, looked_at = [], 0
    for table, contract in (("listings", listings), ("parcels", parcels)):
        with warehouse.connect() as conn:
            n_rows = conn.execute(f"SELECT count(*) FROM staging.{table}").fetchall()[0][0]
        one_in = max(1, n_rows // CONTRACT_SAMPLE_ROWS)
        query = sql(f"staging/{'parcel_' if table == 'parcels' else ''}contract_sample.sql")
        sample = warehouse.read(query, {"one_in": one_in})
        found += breaches(sample, contract).to_dicts()
        looked_at += sample.height
    return found, looked_at
