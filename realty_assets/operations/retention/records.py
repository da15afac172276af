"""Rows of what a home let go of; written before a thing goes, and closed when it is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.operations.records import ACTIONS, create_tables, record_action
from realty_assets.operations.retention.things import Keeper, Thing
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse

RETENTION = "operations.retention"
REMOVING, REMOVED = "removing", "removed"
KILLED = "the command was killed; the next one ended what it had begun"


def retired(tx: Tx) -> set[str]:
    """Folders of models that the home let go of, as modeling.models names them."""
    if not tx.exists(RETENTION):
        return set()
    rows = tx.read(RETENTION, columns=["class", "item"])
    return set(rows.filter(pl.col("class") == "models")["item"])


def write_intent(tx: Tx, action_id: str, things: Sequence[Thing], policy_sha256: str) -> None:
    """Says of each thing that it is about to go."""
    create_tables(tx)
    rows = [
        {
            "action_id": action_id,
            "class": one.kind,
            "item": one.item,
            "n_bytes": one.n_bytes,
            "age_days": one.age_days,
            "policy_sha256": policy_sha256,
            "state": REMOVING,
            "removed_at": utc_now(),
        }
        for one in things
    ]
    if rows:
        tx.append(RETENTION, pl.DataFrame(rows))


def close(tx: Tx, action_id: str) -> None:
    """All that an action was about to remove is gone."""
    tx.conn.execute(
        f"UPDATE {RETENTION} SET state = ?, removed_at = ? WHERE action_id = ? AND state = ?",
        [REMOVED, utc_now(), action_id, REMOVING],
    )


def end_killed(warehouse: Warehouse, keepers: Mapping[str, Keeper]) -> dict[str, int]:
    """Ends what a killed command had begun: {its action: things that are gone}.

    What still stands whole is let be (its row goes): the policy is asked about it anew, for it may
    be held, or hold an alias, by now.
    """
    with warehouse.transaction() as tx:
        create_tables(tx)
        open_rows = tx.read(sql("operations/removing.sql")).to_dicts()
    gone: dict[str, int] = {}
    stands = []
    for row in open_rows:
        keeper = keepers.get(row["class"])
        gone.setdefault(row["action_id"], 0)
        if keeper is None or keeper.exists(row["item"]):
            stands.append(row)
        else:
            keeper.remove(row["item"])
            gone[row["action_id"]] += 1
    with warehouse.transaction() as tx:
        for row in stands:
            tx.conn.execute(
                f"DELETE FROM {RETENTION} WHERE action_id = ? AND class = ? AND item = ?",
                [row["action_id"], row["class"], row["item"]],
            )
        known = set(tx.read(ACTIONS, columns=["action_id"])["action_id"])
        for action_id, n_things in gone.items():
            close(tx, action_id)
            if action_id not in known:
                record_action(
                    tx,
                    "retain",
                    str(warehouse.home),
                    reason=KILLED,
                    by="retain",
                    outcome="failed",
                    detail={"n_removed": n_things},
                    action_id=action_id,
                )
    return gone
