"""`realty promote`, `rollback` and `demote`: what the gate says, what a person decides of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from realty_assets import cli_actions as actions
from realty_assets import cli_decisions as decisions
from realty_assets import cli_output as out

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Track = Annotated[str, typer.Option("--track", help="What may be known: one of the three tracks.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides (default: the user).")]
NOTHING, PREVIOUS = "nothing", "previous"
GATES = ["name", "passed", "seen", "requirement", "note"]


def promote(
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")] = "",
    track: Track = "off_market",
    by: By = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the verdict with every gate; write nothing.")
    ] = False,
    despite_verdict: Annotated[
        bool, typer.Option("--despite-verdict", help="Also when the verdict is not promote.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Approve the challenger that waits, or see with --dry-run what the gate says of it."""
    if dry_run:
        out.show(_judged(track), as_json, {"gates": GATES})
        return
    out.show(_act("promote", track, reason, by, despite_verdict), as_json)


def rollback(
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")],
    track: Track = "off_market",
    by: By = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be decided.")] = False,
    as_json: Json = False,
) -> None:
    """Put the champion back that stood before."""
    out.show(_act("rollback", track, reason, by, False, dry_run), as_json)


def demote(
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")],
    to: Annotated[
        str, typer.Option("--to", help="nothing: no model speaks; previous: as a rollback.")
    ] = NOTHING,
    track: Track = "off_market",
    by: By = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be decided.")] = False,
    as_json: Json = False,
) -> None:
    """Take the champion of a track down: no model speaks for it until a person says so."""
    if to not in (NOTHING, PREVIOUS):
        raise actions.BadRequest(f"--to {to!r} is neither {NOTHING} nor {PREVIOUS}.")
    verb = "demote" if to == NOTHING else "rollback"
    out.show(_act(verb, track, reason, by, False, dry_run), as_json)


def _judged(track: str) -> dict[str, Any]:
    """The newest model of the track, judged now; nothing is written."""
    from dataclasses import asdict

    from realty_assets.modeling.assets import model_home
    from realty_assets.promotion import making
    from realty_assets.promotion.policy import read_policy

    warehouse = _warehouse(track)
    policy = read_policy(warehouse.home)
    standing = making.stands(warehouse, making.ALIASES)
    found = making.judged(model_home(warehouse), policy, standing, track).of
    told: dict[str, Any] = {"track": track, "policy_sha256": policy.sha256}
    if not found:
        return told | {
            "verdict": None,
            "reason": "The newest model of this track is its champion: there is nothing to judge.",
        }
    (one,) = found
    return told | {
        "model_version": one.model_version,
        "champion_version": one.champion,
        "verdict": one.verdict,
        "reason": one.said[1],
        "waits_for_approval": one.verdict == "promote"
        and one.champion_works
        and not policy.approval.automatic,
        "ms_per_home": one.ms_per_home,
        "gates": [asdict(gate) for gate in one.gates],
    }


def _act(
    verb: str, track: str, reason: str, by: str | None, despite: bool, dry_run: bool = False
) -> dict[str, Any]:
    """Carries an action out as a run of the home's Dagster instance."""
    from datetime import UTC, datetime

    import dagster as dg

    from realty_assets.modeling.mlflow_registry import registered_name
    from realty_assets.promotion import making
    from realty_assets.promotion.actions import Action, carry_out
    from realty_assets.promotion.ledger import Moment
    from realty_assets.today import market_today

    who = by if by is not None else decisions.user()
    asked: dict[str, Any] = {
        "verb": verb,
        "name": registered_name(track),
        "reason": reason,
        "by": who,
        "despite_verdict": despite,
    }
    action = Action(**asked)
    warehouse = _warehouse(track)
    # Raises what the run would, before there is one.
    broken = making.broken_in(warehouse, warehouse.read("modeling.models"))
    stood = making.stands(warehouse, making.DECISIONS)
    _, _, row = carry_out(
        action,
        stood,
        making.stands(warehouse, making.ALIASES),
        Moment(datetime.now(UTC).replace(tzinfo=None), market_today(warehouse)),
        broken,
    )
    names = ("decision_id", "name", "model_version", "champion_version", "verdict", "approval")
    told = {key: row[key] for key in names}
    told["already"] = row["decision_id"] in stood["decision_id"]
    if dry_run:
        return told | {"dry_run": True, "note": "nothing was changed"}
    # Also when it stands: MLflow's aliases may still have to follow.
    done = actions._execute(
        "all",
        out.progress,
        title=verb,
        keys=[dg.AssetKey(table.split(".")) for table in making.SCHEMAS],
        ops={"promotion": {"config": {"action": asked}}},
    )
    note = "`realty run all` carries it on to values and reports"
    return {"run_id": done.run_id, **told, "note": note}


def _warehouse(track: str) -> Any:
    from realty_assets.warehouse import WarehouseMissing

    actions.check_track(track)
    actions._home()
    warehouse = actions._warehouse()
    if not (warehouse.exists("promotion.decisions") and warehouse.exists("modeling.models")):
        raise WarehouseMissing("No model has been judged in this home yet: `realty run all`.")
    return warehouse
