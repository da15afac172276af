"""What a run takes: wall time from its events, CPU and memory from a sampler beside it.

No asset knows of it: the warehouse, which every run has, begins and ends it. What was measured is
left in files of the home, so that no run waits for the warehouse because of it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import psutil

from realty_assets.clock import utc_now
from realty_assets.killed_runs import FOLDER, drop_note, killed_runs, write_note

RUNS = Path(FOLDER) / "runs"
EVERY_S, SPARSE_S, DENSE_SAMPLES, BEAT_S = 0.1, 1.0, 6_000, 2.0
_TOLD = {
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
}


class Meter:
    """CPU seconds (also of children that ended) and resident bytes of this process, in time.

    `beat` is called with the meter at its beginning, and every BEAT_S from then on.
    """

    def __init__(self, beat: Callable[[Meter], None] = lambda _: None) -> None:
        self.at: list[float] = []
        self.cpu_s: list[float] = []
        self.rss: list[int] = []
        self._stop = threading.Event()
        self._process = psutil.Process()
        self._thread = threading.Thread(target=self._loop, name="meter", daemon=True)
        self._beat = beat
        self._look()
        beat(self)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _loop(self) -> None:
        beaten = self.at[-1]
        while not self._stop.wait(EVERY_S if len(self.at) < DENSE_SAMPLES else SPARSE_S):
            self._look()
            if self.at[-1] - beaten >= BEAT_S:
                beaten = self.at[-1]
                self._beat(self)

    def _look(self) -> None:
        times = os.times()
        self.at.append(time.time())
        self.cpu_s.append(sum(times[:4]))
        self.rss.append(self._process.memory_info().rss)

    def between(self, start: float, end: float) -> tuple[float, int]:
        """(CPU seconds, highest resident bytes) from `start` to `end` (seconds of the epoch)."""
        low, high = bisect_left(self.at, start), bisect_right(self.at, end)
        # One sample more on either side: a step may be shorter than the time between two.
        seen = self.rss[max(0, low - 1) : high + 1]
        return max(0.0, self._cpu_at(end) - self._cpu_at(start)), max(seen, default=0)

    def _cpu_at(self, when: float) -> float:
        n = bisect_left(self.at, when)
        if n == 0:
            return self.cpu_s[0]
        if n == len(self.at):
            return self.cpu_s[-1]
        before, after = self.at[n - 1], self.at[n]
        share = (when - before) / (after - before) if after > before else 1.0
        return self.cpu_s[n - 1] + share * (self.cpu_s[n] - self.cpu_s[n - 1])


_METERS: dict[str, Meter] = {}


def begin(run_id: str, job: str, home: Path) -> None:
    """Measures the run of this process from now on; notes in `home` tell of it if it is killed."""

    def beat(meter: Meter) -> None:
        told = {
            "run_id": run_id,
            "job": job,
            "began_s": meter.at[0],
            "last_s": meter.at[-1],
            "cpu_s": meter.cpu_s[-1] - meter.cpu_s[0],
            "peak_rss_bytes": max(meter.rss),
        }
        write_note(home, run_id, told)

    if run_id not in _METERS:
        _METERS[run_id] = Meter(beat)


def end(run_id: str, instance: dg.DagsterInstance, home: Path) -> None:
    """Writes down what the run took, in `home`; nothing for a run that was not begun here."""
    meter = _METERS.pop(run_id, None)
    if meter is None:
        return
    meter.stop()
    records = instance.get_records_for_run(run_id, of_type=_TOLD).records
    steps = steps_of([record.event_log_entry for record in records], meter)
    run = instance.get_run_by_id(run_id)
    now = utc_now()
    told = {
        "run_id": run_id,
        "job": run.job_name if run else "",
        "ended_at": now.isoformat(),
        "wall_s": sum(step["wall_s"] for step in steps),
        "cpu_s": sum(step["cpu_s"] for step in steps),
        "gib_s": sum(gib(step["peak_rss_bytes"]) * step["wall_s"] for step in steps),
    }
    _write(home, told, steps)
    drop_note(home, run_id)


def settle_killed(home: Path) -> list[str]:
    """Writes down what killed runs took; returns their ids. Killed itself, it is done again, and
    no run is told of twice."""
    ids = []
    for note, told in killed_runs(home):
        steps = told.pop("steps")
        ended = datetime.fromisoformat(told["ended_at"])
        if told["run_id"] not in {one["run_id"] for one in totals(home, ended)}:
            _write(home, told, steps)
        note.unlink()
        ids.append(told["run_id"])
    return ids


def _write(home: Path, told: dict[str, Any], steps: list[dict[str, Any]]) -> None:
    run_id = told["run_id"]
    (home / RUNS).mkdir(parents=True, exist_ok=True)
    beside = home / RUNS / f".{run_id}"
    beside.write_text(json.dumps(told | {"steps": steps}), encoding="utf-8")
    beside.replace(home / RUNS / f"{run_id}.json")
    # Last: who stands here was told of in full.
    with totals_file(home, datetime.fromisoformat(told["ended_at"])).open(
        "a", encoding="utf-8"
    ) as file:
        # A new line first: the last one may have been cut short by a kill.
        file.write(f"\n{json.dumps(told)}\n")


def gib(n_bytes: int) -> float:
    return n_bytes / (1 << 30)


def totals_file(home: Path, when: datetime) -> Path:
    """Where the runs of a month stand, a line for each."""
    return home / FOLDER / f"{when:%Y-%m}.jsonl"


def steps_of(entries: Iterable[dg.EventLogEntry], meter: Meter) -> list[dict[str, Any]]:
    """A row per step that ended: when, how long, CPU, memory, and the tables that it made."""
    began: dict[str, float] = {}
    made: dict[str, list[dict[str, Any]]] = {}
    rows = []
    for entry in entries:
        event = entry.dagster_event
        if event is None or event.step_key is None:
            continue
        if event.is_step_start:
            began[event.step_key] = entry.timestamp
        elif event.is_step_materialization:
            found = event.step_materialization_data.materialization
            made.setdefault(event.step_key, []).append(_made(found))
        elif event.step_key in began:
            start = began.pop(event.step_key)
            cpu_s, peak = meter.between(start, entry.timestamp)
            rows.append(
                {
                    "step": event.step_key,
                    "started_at": _utc(start),
                    "wall_s": round(entry.timestamp - start, 4),
                    "cpu_s": round(cpu_s, 4),
                    "peak_rss_bytes": peak,
                    "outcome": "done" if event.is_step_success else "failed",
                    "assets": made.get(event.step_key, []),
                }
            )
    return rows


def _utc(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).replace(tzinfo=None).isoformat()


def _made(found: dg.AssetMaterialization) -> dict[str, Any]:
    def told(name: str) -> Any:
        return found.metadata[name].value if name in found.metadata else None

    return {
        "asset": ".".join(found.asset_key.path),
        "n_rows": told("dagster/row_count"),
        "reused": bool(told("reused")),
    }


def totals(home: Path, when: datetime) -> list[dict[str, Any]]:
    """The runs of the month of `when`, oldest first; a line that a kill cut short is left out."""
    return read_totals(totals_file(home, when))


def read_totals(path: Path) -> list[dict[str, Any]]:
    """The runs of one such file; none where there is no file."""
    lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
