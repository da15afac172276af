"""The day's figures as a textfile for Prometheus' node exporter.

Form: https://prometheus.io/docs/instrumenting/exposition_formats/ (text, version 0.0.4). The time
of the last success is the wall clock's: who watches it learns that monitoring itself has stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

Row = Mapping[str, Any]
PREFIX = "realty_monitoring"
HELP = {
    "last_success_timestamp_seconds": "When monitoring last ended well, seconds since 1970, UTC.",
    "as_of_timestamp_seconds": "The day that the facts are of, by the data, seconds since 1970.",
    "alerts": "Alerts that are not resolved, by severity and state.",
    "breaches": "Features and methods whose last judged month is a breach.",
    "longest_breach_months": "Judged months in a row that the longest standing breach has lasted.",
    "judged": "Measures of the last judged month.",
    "rows": "Rows of the last judged month.",
    "figure": "Figure of the newest month with closed sales.",
    "figure_sales": "Closed sales of that month.",
    "figure_known_share": "Share of the sales expected of that month that are known.",
    "segments": "Segments of closed sales with a figure out of line, by figure and severity.",
    "expected_error": "Error that values of the newest month are expected to have.",
    "expected_error_low": "Lower end of its 95% interval.",
    "expected_error_high": "Upper end of its 95% interval.",
}
SEVERITIES = ("warn", "critical")
SEGMENT_FIGURES = ("coverage_90", "mdape", "median_ratio")
EXPECTED_FIGURES = ("mdape", "mae_usd")
EXPECTED_ENDS = {
    "expected_error": "expected",
    "expected_error_low": "low",
    "expected_error_high": "high",
}
UNRESOLVED = ("open", "acknowledged", "snoozed")


def metrics(
    today: date,
    standing: Sequence[Row],
    judged: Sequence[Row],
    newest: Sequence[Row],
    alerts: Sequence[Row],
    now_s: float,
    segments: Sequence[Row] = (),
    expected: Sequence[Row] = (),
) -> str:
    """The file's text: `standing`, `judged` and `alerts` as the page's queries give them, `newest`
    the newest month of each track with its figures by name, `now_s` seconds since 1970, `segments`
    of slices_out_of_line, `expected` the newest month of each track and population."""
    samples: dict[str, list[tuple[Mapping[str, str], float]]] = {name: [] for name in HELP}
    samples["last_success_timestamp_seconds"].append(({}, now_s))
    as_of = datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp()
    samples["as_of_timestamp_seconds"].append(({}, as_of))
    by_state = Counter((row["severity"], row["state"]) for row in alerts)
    for severity in SEVERITIES:
        for state in UNRESOLVED:
            where = {"severity": severity, "state": state}
            samples["alerts"].append((where, by_state[severity, state]))
    counted = Counter((row["track"], row["population"], row["severity"]) for row in standing)
    for row in judged:
        where = {"track": row["track"], "population": row["population"]}
        samples["judged"].append((where, row["n_judged"]))
        samples["rows"].append((where, row["n_rows"]))
        for severity in SEVERITIES:
            n = counted[row["track"], row["population"], severity]
            samples["breaches"].append(({**where, "severity": severity}, n))
    longest = max((row["n_consecutive"] for row in standing), default=0)
    samples["longest_breach_months"].append(({}, longest))
    for row in newest:
        track = {"track": row["track"]}
        samples["figure_sales"].append((track, row["n"]))
        if row["maturity_share"] is not None:
            samples["figure_known_share"].append((track, row["maturity_share"]))
        for name, figure in sorted(row["figures"].items()):
            samples["figure"].append(({**track, "figure": name}, figure["value"]))
    out = Counter((row["track"], row["metric"], row["severity"]) for row in segments)
    for track in sorted({row["track"] for row in newest}):
        for figure in SEGMENT_FIGURES:
            for severity in SEVERITIES:
                where = {"track": track, "figure": figure, "severity": severity}
                samples["segments"].append((where, out[track, figure, severity]))
    for row in expected:
        for figure in EXPECTED_FIGURES:
            if figure in row:
                where = {"track": row["track"], "population": row["population"], "figure": figure}
                for name, end in EXPECTED_ENDS.items():
                    samples[name].append((where, row[figure][end]))
    return "\n".join(_lines(samples)) + "\n"


def _lines(
    samples: Mapping[str, Iterable[tuple[Mapping[str, str], float]]],
) -> Iterator[str]:
    for name, told in samples.items():
        yield f"# HELP {PREFIX}_{name} {HELP[name]}"
        yield f"# TYPE {PREFIX}_{name} gauge"
        for labels, value in told:
            said = ",".join(f'{key}="{_escaped(word)}"' for key, word in labels.items())
            yield f"{PREFIX}_{name}{'{' + said + '}' if said else ''} {float(value):.10g}"


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
