"""Kinds of alerts, states and events, by name, and the runbook of each kind."""

from __future__ import annotations

DRIFT, FEED, ROWS, PERFORMANCE = "drift", "feed", "rows", "performance"
EXPECTED, ERRORS = "expected", "errors"
STOPPED, FAILED, CHANNEL, COST = "stopped", "failed", "channel", "cost"
RETRAIN = "retrain"
# Told from tables, on the market's day; the others tell of this machine, on the wall clock's.
OF_THE_DATA = frozenset({DRIFT, FEED, ROWS, PERFORMANCE, EXPECTED, ERRORS})
RUNBOOKS = {
    DRIFT: "alert-drift.md",
    FEED: "alert-feed.md",
    ROWS: "alert-rows.md",
    PERFORMANCE: "alert-performance.md",
    EXPECTED: "alert-expected.md",
    ERRORS: "alert-errors.md",
    RETRAIN: "alert-retrain.md",
    STOPPED: "alert-stopped.md",
    FAILED: "alert-failed.md",
    CHANNEL: "alert-channel.md",
    COST: "alert-cost.md",
}

WARN, CRITICAL = "warn", "critical"

OPEN, ACKNOWLEDGED, SNOOZED, RESOLVED = "open", "acknowledged", "snoozed", "resolved"
STATES = (OPEN, ACKNOWLEDGED, SNOOZED, RESOLVED)

# Events that have the name of a state are its beginning.
OPENED, REOPENED, WOKEN, RAISED, SEEN = "opened", "reopened", "woken", "raised", "seen"
SENT, SEND_FAILED = "sent", "send_failed"
# What channels are told of, when monitoring says it: a person knows what they did themselves.
TOLD = frozenset({OPENED, REOPENED, WOKEN, RAISED, RESOLVED})
MONITORING = "monitoring"
