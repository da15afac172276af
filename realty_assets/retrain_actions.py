"""What `realty retrain` does; every function returns what there is to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from realty_assets import cli_actions
from realty_assets.cli_actions import BadRequest
from realty_assets.cli_decisions import user
from realty_assets.cli_output import Progress

if TYPE_CHECKING:
    from realty_assets.retraining.deciding import Hand
    from realty_assets.warehouse import Warehouse

Report = dict[str, Any]
TOLD = ("kind", "track", "decision", "rung", "reason")


def looked(rung: str, reason: str, by: str | None, progress: Progress) -> Report:
    """What every trigger says now, and what the retrain asked for would make. Writes nothing."""
    from realty_assets.modeling.assets import model_home
    from realty_assets.retraining import ladder, making
    from realty_assets.retraining.assets import tried
    from realty_assets.retraining.deciding import check_rung
    from realty_assets.retraining.policy import read_policy
    from realty_assets.runs import open_instance

    warehouse = _warehouse()
    hand = _hand(rung, reason, by) if reason.strip() else None
    policy = read_policy(warehouse.home)
    with progress("retrain"), open_instance() as instance:
        known = tried(instance, None, making.triggers(warehouse), "")
        seen = making.look(model_home(warehouse), policy, known, making.Ask(hand, calendar=True))
    return {
        "dry_run": True,
        "note": "nothing was changed",
        "policy_sha256": policy.sha256,
        "rung": rung,
        "makes": list(ladder.TABLES[check_rung(rung)]),
        "triggers": [{name: row[name] for name in TOLD} for row in seen.rows],
    }


def retrain(rung: str, reason: str, by: str | None, progress: Progress) -> Report:
    """Writes down who asks and why, then makes what the rung makes as a run of the home."""
    from realty_assets.modeling.assets import model_home
    from realty_assets.retraining import ladder, making
    from realty_assets.retraining.assets import TRIGGER_TAG, tried
    from realty_assets.retraining.deciding import FIRED
    from realty_assets.retraining.policy import read_policy
    from realty_assets.retraining.records import TRIGGERS
    from realty_assets.retraining_watch import keys_of
    from realty_assets.runs import open_instance

    hand = _hand(rung, reason, by)
    warehouse = _warehouse()
    with open_instance() as instance:
        known = tried(instance, None, making.triggers(warehouse), "")
    ask = making.Ask(hand, alone=True)
    seen = making.look(model_home(warehouse), read_policy(warehouse.home), known, ask)
    (row,) = seen.rows
    if row["decision"] != FIRED:
        raise BadRequest(f"No retrain was started: {row['reason']}.")
    with warehouse.transaction() as tx:
        tx.replace(TRIGGERS, seen.table)
    trigger_id = row["trigger_id"]
    told: Report = {"trigger_id": trigger_id, "rung": rung}
    if rung == "person":
        return told | {"note": "it stands in retraining.triggers; nothing was run"}
    done = cli_actions._execute(
        "retrain",
        progress,
        title=f"retrain: {rung}",
        keys=keys_of(rung),
        ops=ladder.op_config(hand.rung, trigger_id),
        tags={TRIGGER_TAG: trigger_id, "realty/rung": rung, "realty/trigger": "by_hand"},
    )
    after = making.triggers(warehouse).filter(trigger_id=trigger_id).row(0, named=True)
    return {
        "run_id": done.run_id,
        "wall_s": round(done.wall_s, 2),
        **told,
        "model_versions": after["model_versions"],
        "outcome": after["outcome"],
        "outcome_reason": after["outcome_reason"],
        "note": "`realty run all` carries what has changed on to values and reports",
    }


def _hand(rung: str, reason: str, by: str | None) -> Hand:
    from realty_assets.retraining.deciding import Hand, check_rung

    return Hand(check_rung(rung), reason.strip(), by if by is not None else user())


def _warehouse() -> Warehouse:
    from realty_assets.retraining.champion_months import TABLE
    from realty_assets.warehouse import WarehouseMissing

    cli_actions._home()
    warehouse = cli_actions._warehouse()
    if not (warehouse.exists("modeling.models") and warehouse.exists(TABLE)):
        raise WarehouseMissing("No model has been made in this home yet: `realty run all`.")
    return warehouse


def replay(
    from_month: str, to_month: str, track: str, to: Path | None, progress: Progress
) -> Report:
    """Replays months of the home; writes a table and a page, and nothing in the warehouse."""
    from realty_assets.modeling.assets import model_home
    from realty_assets.modeling.backtest_report import check_window
    from realty_assets.retraining.replay.of_home import replay_home

    settings = cli_actions._home()
    window = check_window(from_month, to_month, track)
    name = f"{from_month}_{to_month}_{track}"
    folder = to.absolute() if to is not None else settings.home / "reports" / "replay" / name
    if folder.is_file():
        raise BadRequest(f"{folder} is a file: name a folder for the replay.")
    with progress("replay") as on_step:
        return replay_home(
            model_home(cli_actions._warehouse()),
            window,
            folder,
            lambda what: on_step("step", what, None),
        )
