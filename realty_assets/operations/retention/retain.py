"""What `realty retain` does: what may go is written down, goes, and the warehouse is compacted."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from realty_assets.holding import holds_now
from realty_assets.operations.pausing import record_turns
from realty_assets.operations.records import check_action, record_action
from realty_assets.operations.retention import compacting
from realty_assets.operations.retention.backups import BackupKeeper
from realty_assets.operations.retention.holds import alone, held_back
from realty_assets.operations.retention.models import ModelKeeper
from realty_assets.operations.retention.policy import Policy, read_policy
from realty_assets.operations.retention.records import close, end_killed, write_intent
from realty_assets.operations.retention.things import Files, Keeper, Thing, sweep
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse

# Hidden names are of writers who rename when they are done: an old one was killed.
TEMPORARY = (
    *("scratch/*", "models/.*", "boosters/.*-*", "boosters/*/.*-*", "mlflow/.making-*"),
    *("backups/.making-*", "reports/**/.*", "publish/.*", "journal/*.tmp", ".switches.json.*"),
)


def keepers_of(warehouse: Warehouse, policy: Policy) -> dict[str, Keeper]:
    """A keeper for each class of things in the home's folder."""
    home, named = warehouse.home, _named(warehouse)
    files = {
        "deliveries": (["archive/*"], policy.deliveries),
        # What waits in blocked/ is not among them: it goes back into the inbox.
        "refused": (["refused/*"], policy.refused),
        "reports": (["reports/**/*.html", "reports/**/*.png"], policy.reports),
        "boosters": (["boosters/**/*.ubj"], policy.boosters),
        "searches": (["tuning/*"], policy.searches),
        "temporary": (TEMPORARY, policy.temporary),
    }
    keepers: dict[str, Keeper] = {
        kind: Files(home, kind, patterns, age.keep_days, named)
        for kind, (patterns, age) in files.items()
    }
    keepers["models"] = ModelKeeper(warehouse, policy.models)
    keepers["backups"] = BackupKeeper(home, policy.backups)
    return keepers


def _named(warehouse: Warehouse) -> frozenset[str]:
    """Files and folders that tables name, by path below the home."""
    found: set[str] = set()
    if not warehouse.path.is_file():
        return frozenset()
    with warehouse.connect() as conn:
        tx = Tx(conn)
        for table, column in tx.read(sql("operations/path_columns.sql")).iter_rows():
            rows = tx.conn.execute(f'SELECT DISTINCT "{column}" FROM {table}').fetchall()
            found |= {row[0] for row in rows if row[0]}
    return frozenset(found)


def listed(warehouse: Warehouse, keepers: Mapping[str, Keeper]) -> list[Thing]:
    """Every thing of every class, with why it stays; what has no reason to stay may go."""
    things = [one for keeper in keepers.values() for one in keeper.things()]
    return held_back(things, holds_now(warehouse))


def told_of(things: Sequence[Thing], policy: Policy) -> dict[str, Any]:
    """What would go, by class, and why the others stay."""
    going = [one for one in things if one.kept is None]
    return {
        "policy_sha256": policy.sha256,
        "n_going": len(going),
        "bytes_going": sum(one.n_bytes for one in going),
        "classes": _by_class(things),
        "going": [
            {
                "class": one.kind,
                "item": one.item,
                "n_bytes": one.n_bytes,
                "age_days": round(one.age_days, 1),
            }
            for one in going
        ],
    }


def _by_class(things: Sequence[Thing]) -> list[dict[str, Any]]:
    rows = []
    for kind in dict.fromkeys(one.kind for one in things):
        mine = [one for one in things if one.kind == kind]
        going = [one for one in mine if one.kept is None]
        why = Counter(one.kept for one in mine if one.kept is not None)
        rows.append(
            {
                "class": kind,
                "n_going": len(going),
                "bytes_going": sum(one.n_bytes for one in going),
                "n_kept": len(mine) - len(going),
                "bytes_kept": sum(one.n_bytes for one in mine) - sum(g.n_bytes for g in going),
                "why_kept": ", ".join(f"{n} {reason}" for reason, n in why.most_common()),
            }
        )
    return rows


def plan(warehouse: Warehouse, more: Mapping[str, Keeper]) -> dict[str, Any]:
    """What `retain` would do now; nothing is changed. `more`: keepers of the caller."""
    policy = read_policy(warehouse.home)
    keepers = {**keepers_of(warehouse, policy), **more}
    return {"dry_run": True, **told_of(listed(warehouse, keepers), policy)}


def retain(
    warehouse: Warehouse,
    more: Mapping[str, Keeper],
    *,
    reason: str,
    by: str,
    run_id: str | None = None,
) -> dict[str, Any]:
    """Lets go of what the policy does not keep, and compacts the warehouse; what there is to tell.

    Killed at any moment, the home works, and the next call ends it. The caller has the turn at the
    warehouse. Raises BadAction, RetentionPolicyError, Guarded, CompactionFailed, WarehouseBusy.
    """
    check_action(reason, by)
    home, policy = warehouse.home, read_policy(warehouse.home)
    keepers = {**keepers_of(warehouse, policy), **more}
    action_id = uuid.uuid4().hex[:16]
    with alone(home):
        ended = end_killed(warehouse, keepers)
        sweep(home)
        record_turns(warehouse)
        things = listed(warehouse, keepers)
        going = [one for one in things if one.kept is None]
        with warehouse.transaction() as tx:
            write_intent(tx, action_id, going, policy.sha256)
        for one in going:
            keepers[one.kind].remove(one.item)
        compaction = compacting.compact(warehouse, policy.compaction.min_share)
    told = told_of(things, policy) | {"ended_of_killed": sum(ended.values()), **compaction}
    with warehouse.transaction() as tx:
        close(tx, action_id)
        kept = {name: value for name, value in told.items() if name != "going"}
        record_action(
            tx,
            "retain",
            str(home),
            reason=reason,
            by=by,
            outcome="done",
            detail=kept,
            run_id=run_id,
            action_id=action_id,
        )
    return told | {"action_id": action_id}
