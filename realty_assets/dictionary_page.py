"""docs/data_dictionary.md, made from the code: the contract, its rules, and every table there is.

What a table is comes from its asset, or from the comment of the statement that makes it; its
columns from a home that has them all. `make docs` writes the page, a test holds it to the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from realty_assets.dictionary import VOLATILE
from realty_assets.fingerprint import LEFT_OUT, all_tables
from realty_assets.ingestion import contract, photo_contract, rules
from realty_assets.ingestion.contract_columns import Column, Contract
from realty_assets.statements import SQL_ROOT
from realty_assets.warehouse import Warehouse

Columns = Mapping[str, Sequence[tuple[str, str]]]
# Every schema of staging, with its version.
CONTRACTS = (
    (contract.listings, contract.CONTRACT_VERSION),
    (contract.parcels, contract.CONTRACT_VERSION),
    (photo_contract.photos, photo_contract.CONTRACT_VERSION),
    (photo_contract.photo_gaps, photo_contract.CONTRACT_VERSION),
)
# Tables that no asset and no statement describes.
SAID = {
    "ledger.full_runs": "Full runs that found everything made, by the hash of all it depends on."
}
# The view has a column for every heading that ever came; these are the same everywhere.
ALWAYS = {"raw.listings": ("file_hash", "record_number", "line_number")}
UNITS = (
    (r"_sqft$|_square_feet$|_area$", "square feet"),
    (r"_km$", "km"),
    (r"_days$|^days_|_days_", "days"),
    (r"_usd$|_price$|_fee$|_amount$|^((champion|shadow)_)?(value$|lower_|upper_)", "US dollars"),
    (r"^ms_", "milliseconds"),
    (r"_ratio$", "ratio"),
    (r"_share$", "share, 0 to 1"),
    (r"_at$|_timestamp$", "UTC"),
    (r"_on$|_date$|^as_of$|^month$", "day"),
    (r"^n_|^rows_|_count$", "count"),
    (r"_s$", "seconds"),
    (r"_bytes$", "bytes"),
    (r"_hash$|sha256$", "hex"),
    (r"latitude$|longitude$", "degrees"),
)
# Whose column `value` is a figure that another column of the row names, and no price.
OF_A_FIGURE = frozenset(
    {
        *("monitoring.alerts", "monitoring.drift", "monitoring.performance"),
        "modeling.evaluation_ratio_studies",
    }
)


def page_of(warehouse: Warehouse) -> str:
    """The page for the tables of a home on which everything has been run."""
    return page(columns_of(warehouse), descriptions())


def columns_of(warehouse: Warehouse) -> dict[str, list[tuple[str, str]]]:
    """(name, type) of the columns of every table of a home, in their order."""
    found: dict[str, list[tuple[str, str]]] = {}
    with warehouse.connect() as conn:
        extra = [name for name in LEFT_OUT if warehouse.exists(name)]
        for table in sorted([*all_tables(conn), *extra]):
            rows = conn.execute(f"DESCRIBE {table}").fetchall()
            found[table] = [
                (row[0], row[1]) for row in rows if table not in ALWAYS or row[0] in ALWAYS[table]
            ]
    return found


def descriptions() -> dict[str, str]:
    """What each table is: from its asset, or else from the first comment of its statement."""
    from realty_assets.definitions import defs

    found = dict(SAID)
    for path in sorted(SQL_ROOT.glob("*/*.sql")):
        comment = path.read_text(encoding="utf-8").split("\n", 1)[0]
        found[f"{path.parent.name}.{path.stem}"] = comment.removeprefix("-- ")
    for spec in defs.resolve_all_asset_specs():
        found[".".join(spec.key.path)] = spec.description or ""
    return found


def page(columns: Columns, said: Mapping[str, str]) -> str:
    """The whole page. Raises KeyError for a table that nothing describes."""
    parts = [
        "# Data dictionary",
        "",
        "Made from the code by `make docs`; a test fails when the two differ. Names are those of "
        "the RESO Data Dictionary in snake_case, where it has one. Prices are US dollars; times "
        "are UTC.",
        "",
        *(line for schema, version in CONTRACTS for line in _contract(schema, version)),
        *_rules(),
        "## Tables",
        "",
        "*volatile*: tells of the run and not of the data, and is left out of fingerprints.",
        "",
    ]
    notes = {**_registry_notes(), **_contract_notes()}
    for table in sorted(columns):
        parts += _table(table, columns[table], said[table], notes)
    return "\n".join(parts).rstrip() + "\n"


def _contract(said: Contract, version: str) -> list[str]:
    rows = []
    for name, column in said.columns.items():
        allowed = _allowed(column)
        required = "required; " if column.required else ""
        severity = column.severity if allowed else ""
        rows.append(
            [f"`{name}`", _type(column.type), f"{required}{column.says}", allowed, severity]
        )
    return [
        f"## The contract of {said.name}",
        "",
        f"Version {version}. Outside what is allowed: error = the row is quarantined, blank = the "
        "cell is emptied and the row flagged, nothing = it is never written.",
        "",
        *_markdown(["column", "type", "what it is", "allowed", "outside it"], rows),
    ]


def _allowed(column: Column) -> str:
    """What the contract lets through, in words."""
    if column.low is not None and column.high is None:
        return f"{_plain(column.low)} or more"
    if column.low is not None:
        return f"{_plain(column.low)} to {_plain(column.high)}"
    return ", ".join(column.one_of) or column.form


def _rules() -> list[str]:
    rows = [
        [f"`{rule.id}`", rule.severity, rule.version, rule.sentence]
        for rule in sorted(rules.RULES.values(), key=lambda rule: rule.id)
    ]
    return [
        "## The rules",
        "",
        f"Version {rules.RULES_VERSION}. error: the row is quarantined with its raw text; blank: a "
        "wrong optional cell is emptied and the row flagged; warn: the row is staged with a flag.",
        "",
        f"Staged and named as out of scope wherever a value is asked for: "
        f"{', '.join(rules.NOT_HOMES)}.",
        "",
        *_markdown(["rule", "severity", "version", "what may not be"], rows),
    ]


def _table(
    table: str, columns: Sequence[tuple[str, str]], said: str, notes: Mapping[str, str]
) -> list[str]:
    volatile = VOLATILE.get(table, frozenset())
    rows = [
        [f"`{name}`", kind, unit_of(name, table), _joined(notes.get(name, ""), name in volatile)]
        for name, kind in columns
    ]
    more = ["Beside these, a text column for every heading that came.", ""]
    return [
        f"### {table}",
        "",
        said,
        "",
        *_markdown(["column", "type", "unit", "what it is"], rows),
        *(more if table in ALWAYS else []),
    ]


def unit_of(name: str, table: str = "") -> str:
    """The unit that a column's name tells, in a table of its own; empty where it has none."""
    if name == "value" and table in OF_A_FIGURE:
        return "that of the figure"
    return next((unit for form, unit in UNITS if re.search(form, name)), "")


def _joined(note: str, volatile: bool) -> str:
    return ("*volatile*; " + note).removesuffix("; ") if volatile else note


def _contract_notes() -> dict[str, str]:
    return {name: column.says for name, column in contract.COLUMNS.items()}


def _registry_notes() -> dict[str, str]:
    from realty_assets.features.registry import features

    return {feature.name: feature.description.rstrip(".") for feature in features()}


def _type(kind: Any) -> str:
    return str(kind).split("(time_unit", 1)[0].lower()


def _plain(limit: Any) -> str:
    return f"{limit:,.15g}" if isinstance(limit, float) else str(limit).removesuffix(" 00:00:00")


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [*lines, ""]
