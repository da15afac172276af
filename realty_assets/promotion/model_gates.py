"""What the candidate means for today's values and for the machine, and whether it can be remade."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from realty_assets.modeling.model import MANIFEST, Valuer
from realty_assets.promotion.evidence import Array
from realty_assets.promotion.gates import REPRODUCIBLE, Gate
from realty_assets.promotion.policy import Policy

FAMILY = "model"
LATENCY = "prediction latency"
# Homes of a timed batch: one call costs some milliseconds whatever is asked.
TIMED = 500


@dataclass(frozen=True)
class Machine:
    """`today` are values of today's homes by the candidate and by the champion, (n,) each, dollars;
    `n_bytes` the candidate's folder; `ms_per_home` what one value of a batch takes, None where the
    matrix is empty."""

    today: tuple[Array, Array]
    n_bytes: int
    ms_per_home: float | None


def machine_of(candidate: Valuer, champion: Valuer, folder: Path, matrix: pl.DataFrame) -> Machine:
    """`matrix` is that of the track; `folder` is the candidate's."""
    asked = matrix.filter(pl.col("role").is_in(["active", "property"]))
    none = np.zeros(0)
    today = (none, none)
    if len(asked):
        ours, theirs = (one.predict(asked)["value"].to_numpy() for one in (candidate, champion))
        today = (ours, theirs)
    # What the model needs to answer; the card beside it may be written anew.
    files = [MANIFEST, *json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]]
    n_bytes = sum((folder / name).stat().st_size for name in files)
    return Machine(today, n_bytes, _ms_per_home(candidate, matrix.head(TIMED)))


def model_gates(machine: Machine, policy: Policy) -> list[Gate]:
    """Stability, size and latency."""
    gates = _stability(machine, policy)
    if policy.size is not None:
        mb = machine.n_bytes / 1e6
        most = policy.size.at_most_mb
        gates.append(
            Gate("size of the model, MB", f"<= {most:g}", round(mb, 3), mb <= most, FAMILY)
        )
    if policy.latency is not None:
        most, took = policy.latency.at_most_ms, machine.ms_per_home
        # The figure differs from run to run: it stands in a column of its own (`ms_per_home`).
        fits = took is None or took <= most
        gates.append(Gate(LATENCY, f"<= {most:g} ms per home", None, fits, FAMILY, "measured"))
    return gates


def _stability(machine: Machine, policy: Policy) -> list[Gate]:
    rule = policy.stability
    if rule is None:
        return []
    ours, theirs = machine.today
    if not len(ours):
        return [Gate("change of today's values", "small", None, True, FAMILY, "no home asks today")]
    change = np.abs(ours / theirs - 1.0)
    middle, moved = float(np.median(change)), float(np.mean(change > rule.moved_by))
    return [
        Gate(
            "median change of today's values",
            f"<= {rule.median_change_at_most:.0%}",
            middle,
            middle <= rule.median_change_at_most,
            FAMILY,
            f"{len(ours)} homes",
        ),
        Gate(
            f"share of today's values that move by over {rule.moved_by:.0%}",
            f"<= {rule.moved_share_at_most:.0%}",
            moved,
            moved <= rule.moved_share_at_most,
            FAMILY,
        ),
    ]


def reproducible_gate(passed: bool | None, note: str) -> Gate:
    return Gate(REPRODUCIBLE, "trained again it is the same", None, passed, FAMILY, note)


def _ms_per_home(valuer: Valuer, rows: pl.DataFrame) -> float | None:
    """The best of three; the first pays for loading."""
    if rows.is_empty():
        return None
    took = []
    for _ in range(3):
        began = time.perf_counter()
        valuer.predict(rows)
        took.append(time.perf_counter() - began)
    return 1e3 * min(took) / len(rows)
