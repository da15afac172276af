"""Areas and quarters of price in which values of closed sales are out of line.

A month of a slice is a few dozen sales, so its newest MONTHS are taken together. Many slices are
asked about at once: p values are adjusted over all slices and figures of a track, so that of what
is told of at most a share FALSE_DISCOVERIES is luck (CRITICAL_DISCOVERIES of what is critical); and
the size must matter, too.

* Coverage: sales inside the 90% interval, exact binomial against 0.9.
* Level: the median ratio against the nearer end of what is acceptable for homes.
* Error: MdAPE against TIMES the median of the slice's own earlier months, in log points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import log, sqrt
from statistics import NormalDist, median
from typing import Any

from realty_assets.evaluation.acceptable import ACCEPTABLE
from realty_assets.evaluation.splits import next_month
from realty_assets.monitoring.discoveries import adjusted
from realty_assets.monitoring.out_of_line import NOMINAL

Row = dict[str, Any]
MONTHS, MIN_SALES, MIN_EARLIER = 3, 100, 3
FALSE_DISCOVERIES, CRITICAL_DISCOVERIES = 0.01, 0.0001
LEAST_COVERAGE, CRITICAL_COVERAGE = 0.87, 0.80
TIMES, CRITICAL_TIMES = 1.3, 1.6
# Beyond the acceptable level, in log points, at which it is critical.
CRITICAL_LEVEL = 0.05
CAUSES = {
    "coverage_90": "Intervals of this segment hold fewer sales than they promise.",
    "median_ratio": "Values of this segment lie too high or too low.",
    "mdape": "Values of this segment are farther off than they were.",
}
_NORMAL = NormalDist()


def slices_out_of_line(rows: Sequence[Row]) -> list[Row]:
    """Breaches of the newest months of each track; `rows` of
    sql/monitoring/performance_of_slices.sql.

    Each has track, slice, metric, month (the newest), n, value, threshold, q_value, severity,
    cause, since (the first month looked at) and n_consecutive (months that were looked at).
    """
    told = []
    for track in sorted({row["track"] for row in rows}):
        asked = list(_asked([row for row in rows if row["track"] == track]))
        q_values = adjusted([one["p_value"] for one in asked])
        for one, q_value in zip(asked, q_values, strict=True):
            matters, serious = one.pop("matters"), one.pop("serious")
            if matters and q_value <= FALSE_DISCOVERIES:
                critical = serious and q_value <= CRITICAL_DISCOVERIES
                severity = "critical" if critical else "warn"
                told.append({**one, "q_value": float(q_value), "severity": severity})
    return told


def _asked(rows: Sequence[Row]) -> Iterator[Row]:
    """Every slice and figure of a track with enough sales in its newest months."""
    last = max(row["month"] for row in rows)
    first = next_month(last, 1 - MONTHS)
    by_figure: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_figure.setdefault((row["slice"], row["metric"]), []).append(row)
    for (name, metric), own in sorted(by_figure.items()):
        newest = [row for row in own if row["month"] >= first]
        earlier = [row for row in own if row["month"] < first]
        n = sum(row["n"] for row in newest)
        if n < MIN_SALES:
            continue
        found = _tested(metric, newest, earlier, n)
        if found is not None:
            yield {
                "track": own[0]["track"],
                "slice": name,
                "metric": metric,
                "month": _newest(newest),
                "n": n,
                "since": min(row["month"] for row in newest),
                "n_consecutive": len({row["month"] for row in newest}),
                "cause": CAUSES[metric],
                **found,
            }


def _newest(rows: Sequence[Row]) -> date:
    month: date = max(row["month"] for row in rows)
    return month


def _tested(
    metric: str, newest: Sequence[Row], earlier: Sequence[Row], n: int
) -> Mapping[str, Any] | None:
    """value, threshold, p_value, matters and serious of a figure; None where there is nothing to
    hold it against."""
    value = sum(row["n"] * row["value"] for row in newest) / n
    if metric == "coverage_90":
        return {
            "value": value,
            "threshold": LEAST_COVERAGE,
            "p_value": _at_most(round(value * n), n, NOMINAL),
            "matters": value < LEAST_COVERAGE,
            "serious": value < CRITICAL_COVERAGE,
        }
    # Of the logarithm, by the months' bootstrap intervals.
    se = sqrt(sum((row["n"] / n * _log_se(row)) ** 2 for row in newest))
    if metric == "median_ratio":
        low, high = ACCEPTABLE[metric]
        limit = low if value < 1.0 else high
        beyond = log(limit / value) if value < 1.0 else log(value / limit)
        serious = beyond > CRITICAL_LEVEL
    else:
        before = [row["value"] for row in earlier]
        if len(before) < MIN_EARLIER:
            return None
        usual = median(before)
        # Its months differ by more than their sales do, and the usual is an estimate itself.
        spread = median(abs(log(one / usual)) for one in before) * 1.4826
        se = sqrt(se**2 + spread**2 * (1.0 / MONTHS + 1.5 / len(before)))
        limit = TIMES * usual
        beyond = log(value / limit)
        serious = value > CRITICAL_TIMES * usual
    return {
        "value": value,
        "threshold": limit,
        "p_value": 1.0 - _NORMAL.cdf(beyond / se) if se > 0 else float(beyond <= 0),
        "matters": beyond > 0,
        "serious": serious,
    }


def _log_se(row: Row) -> float:
    return log(max(row["high"], 1e-9) / max(row["low"], 1e-9)) / (2 * 1.96)


def _at_most(k: int, n: int, share: float) -> float:
    """The chance of at most `k` of `n`, each with probability `share`."""
    from scipy.special import bdtr

    return float(bdtr(k, n, share))
