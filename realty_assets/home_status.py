"""What a home holds, for `realty status`."""

from __future__ import annotations

from typing import Any

from realty_assets.budgets import overstepped
from realty_assets.features.tracks import MATRICES, TRACKS
from realty_assets.ingestion.blocks import blocked, waiting
from realty_assets.ingestion.inbox import pending
from realty_assets.settings import Settings
from realty_assets.statements import sql
from realty_assets.switches import SWITCHES, Turn, paused
from realty_assets.today import market_today
from realty_assets.warehouse import Tx, Warehouse
from realty_assets.withdrawals import withdrawn


def describe(settings: Settings, warehouse: Warehouse) -> dict[str, Any]:
    """Files, rows, tables, models, tracks and what waits; an empty home says what to do first."""
    inbox = settings.home / "inbox"
    in_inbox = [str(path.relative_to(inbox)) for path in pending(settings.home)]
    turns = [paused(settings.home, switch) for switch in SWITCHES]
    told: dict[str, Any] = {
        "home": str(settings.home),
        "paused": [turn.sentence for turn in turns if turn],
        "over_budget": [over.sentence for over in overstepped(settings.home)],
        "withdrawn": [_withdrawn(turn) for turn in withdrawn(settings.home).values()],
        "waiting_in_inbox": in_inbox,
    }
    if not warehouse.exists("ledger.files"):
        return told | {"next": "nothing has been ingested: `realty ingest PATH` or `realty demo`"}
    with warehouse.connect() as conn:
        tx = Tx(conn)
        told["files"] = tx.read(sql("ledger/status.sql")).to_dicts()
        told["quarantine_rules"] = tx.read(sql("ledger/quarantine_rules.sql")).to_dicts()
        told["blocked_sources"] = _blocked(settings, tx)
        told["alerts"] = _alerts(tx)
        if tx.exists("staging.photos"):
            told["photos"] = tx.read(sql("staging/photo_counts.sql")).to_dicts()
        if tx.exists("promotion.aliases"):
            told["models"] = tx.read("promotion.aliases").sort("name", "alias").to_dicts()
            told["waiting_for_approval"] = _waiting(tx)
        if tx.exists("retraining.triggers"):
            told["retrain_unsettled"] = tx.read(sql("retraining/unsettled.sql")).to_dicts()
        if tx.exists("serving.valuations") and tx.exists("serving.listing_valuations"):
            told["valuations"] = tx.read(sql("serving/valued_tracks.sql")).to_dicts()
        if tx.exists("features.registry"):
            told["families_without_data"] = _fallen_away(tx)
        tables = (
            tx.read("ledger.builds")
            .select("table_name", "n_rows", "built_at")
            .sort("table_name")
            .to_dicts()
        )
    if all(warehouse.exists(matrix) for matrix in MATRICES.values()):
        told["tracks"] = _tracks(settings, warehouse)
    return told | {"tables": tables}


def _withdrawn(turn: Turn) -> str:
    return f"{turn.switch} (since {turn.at:%Y-%m-%d}, by {turn.by}): {turn.reason.rstrip('.')}."


def _blocked(settings: Settings, tx: Tx) -> list[dict[str, Any]]:
    """Sources whose new files wait, and how many do."""
    if not tx.exists("ledger.decisions"):
        return []
    return [
        {
            "source": block.source,
            "since": block.at,
            "by": block.by,
            "reason": block.reason,
            "n_files_waiting": sum(
                row["n_files"] for row in waiting(settings.home, {block.source})
            ),
        }
        for block in blocked(tx).values()
    ]


def _alerts(tx: Tx) -> list[dict[str, Any]]:
    """Alerts that nobody has resolved, the most urgent first."""
    if not tx.exists("monitoring.alerts"):
        return []
    return tx.read(sql("monitoring/unresolved_alerts.sql")).to_dicts()


def _fallen_away(tx: Tx) -> list[str]:
    """Families of features that the sources say nothing of."""
    registry = tx.read("features.registry")
    return registry.filter(~registry["family_present"])["family"].unique().sort().to_list()


def _waiting(tx: Tx) -> list[dict[str, Any]]:
    """Challengers that the gate would promote: a person has the last word (`realty promote`)."""
    from realty_assets.promotion.ledger import DECISION_SCHEMA, in_form, waiting

    if not tx.exists("promotion.decisions"):
        return []
    decisions = in_form(tx.read("promotion.decisions"), DECISION_SCHEMA)
    told = ["name", "model_version", "champion_version", "reason"]
    return waiting(decisions, tx.read("promotion.aliases")).select(told).to_dicts()


def _tracks(settings: Settings, warehouse: Warehouse) -> list[dict[str, Any]]:
    """Each track: whether a champion speaks for it, and why no model can be made of it."""
    from realty_assets.modeling.markets import headlines, why_left_out
    from realty_assets.modeling.settings import PROFILES
    from realty_assets.serving.champion import champion_tracks

    today, model = market_today(warehouse), PROFILES[settings.profile]
    _, short = headlines(warehouse, today, settings.backtest_months, model)
    speaking = champion_tracks(warehouse)
    return [
        {
            "track": track,
            "has_champion": track in speaking,
            "left_out": why_left_out(track, short[track]) if track in short else None,
        }
        for track in TRACKS
    ]
