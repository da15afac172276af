"""What is out of line now, one breach for what has one cause.

Features that are made of a field of new listings that stands out itself are part of that field's
breach, in whatever population; what slices and methods of a feature say is one breach, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from realty_assets.cost_days import UnusualDay
from realty_assets.monitoring.alerting import kinds as k
from realty_assets.monitoring.alerting.policy import Policy
from realty_assets.monitoring.alerting.records import Breach
from realty_assets.monitoring.causes import Origins, likely_cause, root_of
from realty_assets.monitoring.out_of_line import out_of_line
from realty_assets.monitoring.populations import ALL, ALL_TRACKS, LISTINGS
from realty_assets.monitoring.row_counts import ROW_COUNT
from realty_assets.monitoring.signals.common import ERRORS, EXPECTED
from realty_assets.monitoring.slices_out_of_line import slices_out_of_line
from realty_assets.monitoring.words import bounds, farthest, of_slice, reach, where

Row = dict[str, Any]
Facts = Mapping[str, Sequence[Row]]
CLOSED = "closed sales"
# What is told in the place of a feature, and is of a kind of its own.
OF_SIGNALS = {EXPECTED: k.EXPECTED, ERRORS: k.ERRORS}


def breaches_of(facts: Facts, policy: Policy) -> list[Breach]:
    """Breaches that have lasted as long as `policy` asks for.

    `facts`: "open" of sql/monitoring/open_breaches.sql, "performance" of performance_shown.sql,
    "slices" of performance_of_slices.sql, "sources" of feature_sources.sql.
    """
    origins = Origins(
        {row["feature"]: row["family"] for row in facts["sources"]},
        {row["feature"]: row["source_columns"] for row in facts["sources"]},
    )
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in facts["open"]:
        groups.setdefault(_what(row, facts["open"], origins), []).append(row)
    found = []
    for what, rows in groups.items():
        least = policy.consecutive[what[0]]  # type: ignore[index]
        if any(row["severity"] == k.CRITICAL or row["n_consecutive"] >= least for row in rows):
            found.append(_of_drift(what, rows, facts["open"], origins))
    for row in out_of_line(facts["performance"]):
        least = policy.consecutive["performance"]
        if row["severity"] == k.CRITICAL or row["n_consecutive"] >= least:
            found.append(_of_performance(row))
    return found + [_of_slice(row) for row in slices_out_of_line(facts.get("slices", ()))]


def _what(row: Row, standing: Sequence[Row], origins: Origins) -> tuple[str, ...]:
    """kind, track, population and feature of the alert that a row belongs to."""
    if row["method"] == ROW_COUNT:
        return k.ROWS, row["track"], row["population"], row["feature"]
    if row["feature"] in OF_SIGNALS:
        return OF_SIGNALS[row["feature"]], row["track"], row["population"], row["feature"]
    root = root_of(row, standing, origins)
    if root is not None:
        return k.FEED if root.emptied else k.DRIFT, ALL_TRACKS, LISTINGS, root.column
    return k.DRIFT, row["track"], row["population"], row["feature"]


def _of_drift(
    what: tuple[str, ...], rows: Sequence[Row], standing: Sequence[Row], origins: Origins
) -> Breach:
    kind, track, population, feature = what
    own = [row for row in rows if (row["population"], row["feature"]) == (population, feature)]
    worst = max(own or rows, key=lambda row: (row["severity"] == k.CRITICAL, reach(row)))
    n_more = len({row["feature"] for row in rows} - {feature})
    more = f"; out of line with it: {n_more} more" if n_more else ""
    month = max(row["month"] for row in rows)
    critical = any(row["severity"] == k.CRITICAL for row in rows)
    return Breach(
        key="/".join(what),
        kind=kind,
        severity=k.CRITICAL if critical else k.WARN,
        track=track,
        population=population,
        slice=worst["slice"],
        feature=feature,
        month=month,
        evidence=f"{month:%Y-%m}",
        n_breaches=max(row["n_consecutive"] for row in rows),
        value=worst["value"],
        threshold=worst["threshold"],
        cause=likely_cause(worst, standing, origins),
        sentence=f"{where(worst)}, {farthest(worst)}{more}.",
    )


def _of_performance(row: Row) -> Breach:
    sentence = f"{CLOSED} {row['track']}, {bounds(row)}."
    return _of_closed(row, ALL, f"{row['track']}/{row['metric']}", sentence)


def _of_slice(row: Row) -> Breach:
    """A segment whose newest months are out of line: they are taken together, so it waits for no
    other."""
    sentence = f"{CLOSED} {row['track']} ({row['slice']}), {of_slice(row)}."
    key = f"{row['track']}/{row['slice']}/{row['metric']}"
    return _of_closed(row, row["slice"], key, sentence)


def _of_closed(row: Row, slice_name: str, key: str, sentence: str) -> Breach:
    """The breach of a figure of closed sales."""
    return Breach(
        key=f"{k.PERFORMANCE}/{key}",
        kind=k.PERFORMANCE,
        severity=row["severity"],
        track=row["track"],
        population=CLOSED,
        slice=slice_name,
        feature=row["metric"],
        month=row["month"],
        evidence=f"{row['month']:%Y-%m}",
        n_breaches=row["n_consecutive"],
        value=row["value"],
        threshold=row["threshold"],
        cause=row["cause"],
        sentence=sentence,
    )


def stopped(last_success_s: float | None, now: datetime, policy: Policy) -> list[Breach]:
    """The breach of a monitoring that last ended well so long ago (seconds since 1970; None: never
    yet, which is no news of a new home)."""
    if last_success_s is None:
        return []
    last = datetime.fromtimestamp(int(last_success_s), UTC).replace(tzinfo=None)
    days = (now - last).total_seconds() / 86_400
    if days <= policy.stopped_after_days:
        return []
    return [
        _of_the_machine(
            k.STOPPED,
            "runs",
            evidence=f"{last:%Y-%m-%d %H:%M:%S}",
            value=float(int(days)),
            threshold=policy.stopped_after_days,
            cause="No run of monitoring has ended well since: the daemon is down, or runs fail.",
            sentence=f"Monitoring last ended well at {last:%Y-%m-%d %H:%M} UTC, "
            f"more than {policy.stopped_after_days:g} days ago.",
        )
    ]


def failed(step: str, run_id: str, n_in_a_row: int) -> Breach:
    """The breach of a step that failed when it last ran; twice in a row is critical."""
    return _of_the_machine(
        k.FAILED,
        step,
        severity=k.CRITICAL if n_in_a_row > 1 else k.WARN,
        evidence=run_id,
        n_breaches=n_in_a_row,
        value=float(n_in_a_row),
        threshold=1.0,
        cause=f"The log of the run {run_id[:8]} says why (`realty ui`).",
        sentence=f"The step {step} failed when it last ran; what is made from it is not made.",
    )


def asks_a_person(row: Row) -> Breach:
    """The breach of a retraining loop that has come to its end: `row` (of retraining.triggers) is
    the newest that fired, and it asks a person."""
    page = f"reports/retraining/{row['trigger_id']}.md"
    return _of_the_machine(
        k.RETRAIN,
        row["track"],
        severity=k.WARN,
        evidence=row["trigger_id"],
        value=None,
        threshold=None,
        cause="The retrains before it led nowhere, or no rung is left that the policy allows: a "
        f"feature or a segment may be missing. {page} tells all.",
        sentence=f"The retraining loop asks a person: {row['kind']} on {row['track']} "
        f"({row['reason']}).",
    )


def spending(day: UnusualDay) -> Breach:
    """The breach of a day whose runs cost far more than those of the same weekday before."""
    return _of_the_machine(
        k.COST,
        "runs",
        severity=k.WARN,
        evidence=f"{day.day}",
        value=day.cost_usd,
        threshold=day.threshold_usd,
        cause="More was run, or something takes longer: `realty costs` says which table.",
        sentence=day.sentence,
    )


def mute(channel: str, n_waiting: int, oldest: str, why: str) -> Breach:
    """The breach of a channel that could not deliver; `oldest` is the event that has waited
    longest."""
    return _of_the_machine(
        k.CHANNEL,
        channel,
        evidence=oldest,
        value=float(n_waiting),
        threshold=0.0,
        cause=why,
        sentence=f"The channel {channel} could not deliver; what it is to tell of waits.",
    )


def _of_the_machine(
    kind: str,
    feature: str,
    *,
    evidence: str,
    value: float | None,
    threshold: float | None,
    cause: str,
    sentence: str,
    severity: str = k.CRITICAL,
    n_breaches: int = 1,
) -> Breach:
    return Breach(
        key=f"{kind}/{feature}",
        kind=kind,
        severity=severity,
        track=ALL_TRACKS,
        population=k.MONITORING,
        slice=ALL,
        feature=feature,
        month=None,
        evidence=evidence,
        n_breaches=n_breaches,
        value=value,
        threshold=threshold,
        cause=cause,
        sentence=sentence,
    )
