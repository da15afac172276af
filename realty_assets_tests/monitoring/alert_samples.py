"""Breaches, books and small homes for the tests of alerts, and servers that take messages."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.evaluation.splits import next_month
from realty_assets.faces import record_build
from realty_assets.fingerprint import table_fingerprint
from realty_assets.monitoring.alerting.book import Book
from realty_assets.monitoring.alerting.kinds import RUNBOOKS
from realty_assets.monitoring.alerting.lifecycle import observe
from realty_assets.monitoring.alerting.making import TABLES, open_book, write
from realty_assets.monitoring.alerting.policy import Policy, read_policy
from realty_assets.monitoring.alerting.records import (
    ALERT_SCHEMA,
    EVENT_SCHEMA,
    Breach,
    Clocks,
)
from realty_assets.monitoring.performance import SCHEMA as PERFORMANCE_SCHEMA
from realty_assets.monitoring.signals.expected_errors import SCHEMA as EXPECTED_SCHEMA
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

TODAY, NOW = date(2023, 3, 2), datetime(2023, 3, 3, 12)
DRIFT_SCHEMA = {
    **dict.fromkeys(("track", "population", "slice", "feature", "method", "severity"), pl.String),
    **dict.fromkeys(("reference", "drivers"), pl.String),
    "month": pl.Date,
    **dict.fromkeys(("value", "threshold", "threshold_critical"), pl.Float64),
    **dict.fromkeys(("n_consecutive", "n"), pl.Int64),
    **dict.fromkeys(("judged", "breached", "in_reference"), pl.Boolean),
}
SOURCES = [
    {"name": "ln_living_area", "family": "structure", "source_columns": ["living_area"]},
    {"name": "area", "family": "structure", "source_columns": []},
]


def breach(
    key: str = "drift/off_market/sales/area", severity: str = "warn", month: int = 2, **more: Any
) -> Breach:
    kind, *_, feature = key.split("/")
    facts: dict[str, Any] = {
        "key": key,
        "kind": kind,
        "severity": severity,
        "track": "off_market",
        "population": "sales",
        "slice": "all",
        "feature": feature,
        "month": date(2023, month, 1),
        "evidence": f"2023-{month:02}",
        "n_breaches": 2,
        "value": 0.3,
        "threshold": 0.1,
        "cause": "Other homes sell than before.",
        "sentence": f"sales off_market, {feature} moved.",
    }
    return Breach(**{**facts, **more})


def alert_policy(**changed: Any) -> Policy:
    """The package's policy, with some of its fields replaced."""
    return Policy.model_validate(read_policy().model_dump() | changed)


def new_book(today: date = TODAY, now: datetime = NOW, policy: Policy | None = None) -> Book:
    none = pl.DataFrame(schema=EVENT_SCHEMA)
    return Book(
        pl.DataFrame(schema=ALERT_SCHEMA),
        none,
        counted(none),
        policy or read_policy(),
        Clocks(today, now),
    )


def counted(events: pl.DataFrame) -> pl.DataFrame:
    """What sql/monitoring/event_counts.sql says of events."""
    return events.group_by("alert_id").agg(
        n_events=pl.len().cast(pl.Int64), newest=pl.col("as_of").max()
    )


def later(book: Book, today: date = TODAY, now: datetime = NOW) -> Book:
    """The same alerts and events, read back from their tables, on another day."""
    events = pl.concat([_old(book), book.new_frame()])
    return Book(book.alerts_frame(), events, counted(events), book.policy, Clocks(today, now))


def _old(book: Book) -> pl.DataFrame:
    rows = [vars(event) for event in book.old]
    return pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")


def drifted(
    feature: str = "living_area",
    method: str = "null_share",
    value: float = 0.5,
    *,
    population: str = "listings",
    track: str = "all",
    severity: str = "critical",
    months: int = 1,
    last: date = date(2023, 2, 1),
    slice: str = "all",
    drivers: str | None = None,
) -> list[dict[str, Any]]:
    """Rows of monitoring.drift: `months` breaches in a row, up to `last`."""
    return [
        {
            "track": track,
            "population": population,
            "slice": slice,
            "feature": feature,
            "method": method,
            "severity": severity,
            "reference": "known before 2022-11-01",
            "month": next_month(last, at - months + 1),
            "value": value,
            "threshold": 0.1,
            "threshold_critical": 0.2,
            "n_consecutive": at + 1,
            "n": 500,
            "judged": True,
            "breached": True,
            "in_reference": False,
            "drivers": drivers,
        }
        for at in range(months)
    ]


def figure(metric: str, month: int, value: float, low: float, high: float) -> dict[str, Any]:
    """A row of monitoring.performance."""
    return {
        **dict.fromkeys(PERFORMANCE_SCHEMA),
        "track": "off_market",
        "month": date(2023, month, 1),
        "slice": "all",
        "metric": metric,
        "n": 300,
        "value": value,
        "low": low,
        "high": high,
        "note": "",
    }


def alert_home(
    home: Path,
    drift: Sequence[dict[str, Any]] = (),
    performance: Sequence[dict[str, Any]] = (),
) -> Warehouse:
    """A home that holds what alerts are made from, and nothing else."""
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    tables = {
        "monitoring.drift": pl.DataFrame(list(drift), schema=DRIFT_SCHEMA, orient="row"),
        "monitoring.performance": pl.DataFrame(
            list(performance), schema=PERFORMANCE_SCHEMA, orient="row"
        ),
        "monitoring.expected_errors": pl.DataFrame(schema=EXPECTED_SCHEMA),
        "features.registry": pl.DataFrame(SOURCES),
    }
    with warehouse.transaction() as tx:
        for table, rows in tables.items():
            tx.replace(table, rows)
            record_build(tx, table, "made", str(rows.hash_rows().sum()), "1")
    return warehouse


def own_policy(home: Path, **changed: Any) -> None:
    """Writes a policy of its own into a home (JSON is YAML)."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "alerts.yaml").write_text(alert_policy(**changed).model_dump_json(), encoding="utf-8")


def alerts_of_every_kind(home: Path) -> None:
    """Puts an alert of each kind into a whole home, as if it had been opened on the home's day."""
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    with warehouse.transaction() as tx:
        day = tx.read(sql("clean/today.sql"))["today"][0]
        book = open_book(tx, read_policy(home), Clocks(day, NOW))
        feed = "The feed no longer fills living_area."
        told = [breach(f"{kind}/all/here", cause=feed) for kind in RUNBOOKS]
        observe(book, told, set(RUNBOOKS))
        write(tx, book)
        for table in TABLES:
            digest = table_fingerprint(tx.conn, table)[1]
            record_build(tx, table, digest, digest, "1")


class Mailbox(socketserver.ThreadingTCPServer):
    """An SMTP server on this machine that keeps what it is sent."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, refuse: str = "", password: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.refuse, self.password = refuse, password
        self.mails: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Smtp(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "EHLO":
                self._say("250-here\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                said = base64.b64decode(line.split()[2]).decode().split("\0")[2]
                good = said == self.server.password
                self._say("235 welcome" if good else f"535 {said} is not the password")
            elif verb == "RCPT" and self.server.refuse and self.server.refuse in line:
                self._say("550 nobody of this name")
            elif verb == "DATA":
                self._say("354 go on")
                self._take()
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.decode())
        self.server.mails.append("".join(lines))

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Hook(ThreadingHTTPServer):
    """An HTTP server on this machine that keeps what is posted to it."""

    daemon_threads = True

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Http)
        self.status = status
        self.posts: list[tuple[dict[str, str], dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Http(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((dict(self.headers), json.loads(body)))
        self.send_response(self.server.status)
        if self.server.status // 100 == 3:
            self.send_header("Location", self.server.url + "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        raise AssertionError("a redirect was followed")

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """`server` in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
