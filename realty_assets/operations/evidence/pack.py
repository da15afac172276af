"""The evidence pack of a release: what answers to each factor of the AVM rule, with hashes.

Every number on its page is read from a table when the pack is made; what is not there is said to be
missing. The pack appears under its name when it is whole.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from realty_assets.clock import utc_now
from realty_assets.errors import RealtyError
from realty_assets.fingerprint import table_fingerprint
from realty_assets.operations.copying import made_whole, sha256_of
from realty_assets.operations.evidence.review import drawn, record_drawn, write_sheet
from realty_assets.operations.manifest import versions_here
from realty_assets.operations.records import (
    ACTIONS,
    check_action,
    create_tables,
    record_action,
)
from realty_assets.pages import environment
from realty_assets.statements import sql
from realty_assets.strict import Strict, read_strict
from realty_assets.warehouse import Tx, Warehouse, WarehouseMissing
from realty_assets.withdrawals import withdrawn

FACTORS = Path(__file__).parent / "factors.yaml"
TEMPLATES = Path(__file__).parent / "templates"
PAGE, MANIFEST, SHEET = "index.html", "manifest.json", "review.csv"
VERB, CHAMPION = "evidence", "{champion}"
# Tables that the figures of a factor are read from.
FIGURES: dict[str, tuple[str, ...]] = {
    "confidence": ("modeling.backtests",),
    "manipulation": ("ledger.files", "staging.quarantine", "clean.exclusions"),
    "conflicts": ("promotion.decisions", "operations.actions"),
    "random_sample": ("operations.reviews",),
    "nondiscrimination": (
        *("modeling.backtests", "modeling.evaluation_segments"),
        *("modeling.evaluation_ratio_studies", "features.registry"),
    ),
}
# States of checks by asset:check, as the caller's event log has them: passed, failed, never run.
Checks = Mapping[str, str]
Row = dict[str, Any]


class EvidenceFailed(RealtyError):
    """A pack could not be made; nothing of it is left."""


class Factor(Strict):
    """One factor of the rule, and what answers to it."""

    name: str
    says: str
    tables: list[str]
    checks: list[str]
    files: list[str]


class Factors(Strict):
    """The map of factors.yaml."""

    version: int = Field(ge=1, le=1)
    factors: list[Factor]


@dataclass(frozen=True)
class Answer:
    """What answers to a factor in this home."""

    factor: Factor
    tables: list[Row]
    checks: list[Row]
    files: list[Row]
    figures: list[Row]


def read_factors() -> Factors:
    return read_strict(Factors, FACTORS, "The map of factors", EvidenceFailed)


def named_checks() -> list[str]:
    """Checks (asset:check) that answer to some factor."""
    return sorted({name for one in read_factors().factors for name in one.checks})


def make_pack(
    warehouse: Warehouse,
    checks: Checks,
    *,
    folder: str,
    reason: str,
    by: str,
    seed: int = 7,
    n: int = 30,
    run_id: str | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Makes the pack in `folder` (new, or empty), with `n` homes of each track to review; what
    there is to tell. Raises BadAction, EvidenceFailed, CopyFailed, WarehouseMissing."""
    check_action(reason, by)
    home, to = warehouse.home, Path(folder).absolute()
    asked = {"reason": reason, "by": by, "run_id": run_id}
    if not warehouse.exists("modeling.models"):
        raise WarehouseMissing("There is no model in this home yet: `realty run all` trains one.")
    if not dry_run and to.exists() and (not to.is_dir() or any(to.iterdir())):
        # A kill may have come between the pack and its row: given again, the command adds the row.
        if found := _without_row(warehouse, to):
            return _recorded(warehouse, found, asked)
        raise EvidenceFailed(f"{to} is not empty: name a new folder with --out.")
    sample = drawn(warehouse, seed, n)
    if not dry_run:
        record_drawn(warehouse, sample)
    champions = _champions(warehouse)
    answers = [_answer(warehouse, one, checks, champions) for one in read_factors().factors]
    told: dict[str, Any] = {
        "evidence": str(to),
        "champions": [row["model_version"] for row in champions],
        "n_sampled": len(sample),
        "seed": seed,
        "factors": [_summed(one) for one in answers],
    }
    if dry_run:
        return told | {"dry_run": True, "note": "nothing was written"}
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        with made_whole(to, to.parent / f".{to.name}.lock", f".{to.name}.making-") as beside:
            _copy_files(home, beside, answers)
            write_sheet(sample, beside / SHEET)
            (beside / PAGE).write_text(_page(answers, champions, told), encoding="utf-8")
            said = {
                "made_at": utc_now(),
                "told": told,
                "champions": champions,
                "seed": seed,
                "versions": versions_here(),
                "factors": [
                    {
                        "name": one.factor.name,
                        **{k: v for k, v in vars(one).items() if k != "factor"},
                    }
                    for one in answers
                ],
                "files": {
                    path.relative_to(beside).as_posix(): sha256_of(path)
                    for path in sorted(beside.rglob("*"))
                    if path.is_file()
                },
            }
            text = json.dumps(said, indent=1, default=str, sort_keys=True)
            (beside / MANIFEST).write_text(text, encoding="utf-8")
            told = told | {"manifest_sha256": sha256_of(beside / MANIFEST)}
    except OSError as error:
        raise EvidenceFailed(
            f"The pack {to} could not be written ({error.strerror}): free some space, or name "
            "another folder with --out."
        ) from error
    (to.parent / f".{to.name}.lock").unlink(missing_ok=True)
    return _recorded(warehouse, told, asked)


def _recorded(warehouse: Warehouse, told: dict[str, Any], asked: Row) -> dict[str, Any]:
    """`told`, after it has its row in operations.actions."""
    with warehouse.transaction() as tx:
        record_action(tx, VERB, told["evidence"], outcome="done", detail=told, **asked)
    return told


def _without_row(warehouse: Warehouse, place: Path) -> dict[str, Any]:
    """What was to be told of the pack at `place`; nothing for one that has its row, or that is no
    pack of this command."""
    manifest = place / MANIFEST
    if not manifest.is_file():
        return {}
    told = json.loads(manifest.read_text(encoding="utf-8")).get("told", {})
    told |= {"manifest_sha256": sha256_of(manifest)}
    if told.get("evidence") != str(place):
        return {}
    with warehouse.transaction() as tx:
        create_tables(tx)
        rows = tx.read(ACTIONS).filter(verb=VERB, target=str(place))["detail"]
    known = {json.loads(row).get("manifest_sha256") for row in rows}
    return {} if told["manifest_sha256"] in known else told


def _champions(warehouse: Warehouse) -> list[Row]:
    if not warehouse.exists("promotion.aliases"):
        return []
    return warehouse.read(sql("operations/champions.sql")).to_dicts()


def _answer(warehouse: Warehouse, factor: Factor, checks: Checks, champions: list[Row]) -> Answer:
    with warehouse.transaction() as tx:
        tables = [_table(tx, name) for name in factor.tables]
        figures: list[Row] = []
        if all(tx.exists(table) for table in FIGURES[factor.name]):
            figures = tx.read(sql(f"operations/evidence_{factor.name}.sql")).to_dicts()
    aside = withdrawn(warehouse.home)
    paths = [
        path
        for pattern in factor.files
        for path in (
            [pattern.replace(CHAMPION, row["artifact"]) for row in champions]
            if CHAMPION in pattern
            else [pattern]
        )
    ]
    files = [_file(warehouse.home, path, path in aside) for path in paths]
    states = [{"check": name, "state": checks.get(name, "never run")} for name in factor.checks]
    return Answer(factor, tables, states, files, figures)


def _table(tx: Tx, name: str) -> Row:
    if not tx.exists(name):
        return {"table": name, "n_rows": None, "sha256": "missing"}
    n_rows, digest = table_fingerprint(tx.conn, name)
    return {"table": name, "n_rows": n_rows, "sha256": digest}


def _file(home: Path, path: str, is_withdrawn: bool) -> Row:
    if is_withdrawn:
        return {"file": path, "n_bytes": None, "sha256": "withdrawn"}
    if not (home / path).is_file():
        return {"file": path, "n_bytes": None, "sha256": "missing"}
    return {
        "file": path,
        "n_bytes": (home / path).stat().st_size,
        "sha256": sha256_of(home / path),
    }


def _summed(one: Answer) -> Row:
    missing = [row["table"] for row in one.tables if row["sha256"] == "missing"]
    missing += [row["file"] for row in one.files if row["sha256"] == "missing"]
    return {
        "factor": one.factor.name,
        "n_tables": len(one.tables),
        "n_checks_passed": sum(row["state"] == "passed" for row in one.checks),
        "n_checks": len(one.checks),
        "n_files": len(one.files),
        "n_figures": len(one.figures),
        "missing": ", ".join(missing) or None,
    }


def _copy_files(home: Path, beside: Path, answers: list[Answer]) -> None:
    for row in (row for one in answers for row in one.files):
        if row["n_bytes"] is not None:
            target = beside / "files" / row["file"]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(home / row["file"], target)
            if sha256_of(target) != row["sha256"]:
                raise EvidenceFailed(f"{row['file']} changed while it was copied: try again.")


def _page(answers: list[Answer], champions: list[Row], told: Row) -> str:
    house = environment(TEMPLATES)
    house.filters["figure"] = lambda value: "" if value is None else f"{value:,.4g}"
    return house.get_template("evidence.html.j2").render(
        answers=answers, champions=champions, told=told, sheet=SHEET, made_on=utc_now().date()
    )
