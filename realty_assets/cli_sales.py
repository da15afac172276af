"""`realty sales`: which sales no model learns from, and what an analyst decides of one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from realty_assets import cli_actions as actions
from realty_assets import cli_decisions as decisions
from realty_assets import cli_output as out

app = typer.Typer(
    name="sales", no_args_is_help=True, help="Sales that are left out of training, and why."
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Key = Annotated[str, typer.Argument(help="Listing key of the sale, or of a copy of it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides (default: the user).")]
Source = Annotated[
    str | None, typer.Option("--source", help="Where the key is used by several sources.")
]
RULES = ["rule", "n_sales", "sentence"]
COLUMNS = [
    *["listing_key", "source", "close_date", "close_price", "excluded_by", "decision"],
    *["decided_by"],
]


@app.command("list")
def list_sales(
    rule: Annotated[str | None, typer.Option("--rule", help="Only what this rule says.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most rows to print.")] = 50,
    as_json: Json = False,
) -> None:
    """Sales that are excluded or decided on: counts by rule, and the sales themselves."""
    out.show(_listed(rule, limit), as_json, {"rules": RULES, "sales": COLUMNS})


@app.command()
def exclude(
    key: Key, reason: Reason, by: By = None, source: Source = None, as_json: Json = False
) -> None:
    """Leave a sale out of training, whatever the rules say of it."""
    out.show(_decide("exclude", key, reason, by, source), as_json)


@app.command()
def include(
    key: Key, reason: Reason, by: By = None, source: Source = None, as_json: Json = False
) -> None:
    """Learn from a sale, whatever the rules say of it."""
    out.show(_decide("include", key, reason, by, source), as_json)


def _listed(rule: str | None, limit: int) -> dict[str, Any]:
    from realty_assets.cleaning import overrides
    from realty_assets.cleaning.rules import RULE_SENTENCES
    from realty_assets.cleaning.sales import rule_counts
    from realty_assets.statements import sql

    if rule is not None and rule not in RULE_SENTENCES:
        raise actions.BadRequest(f"There is no rule {rule!r}: one of {', '.join(RULE_SENTENCES)}.")
    warehouse = _warehouse()
    if not warehouse.exists("clean.exclusions"):
        raise overrides.BadSaleDecision(overrides.NO_SALES)
    found = warehouse.read(sql("clean/excluded_sales.sql"), {"rule": rule, "most": limit})
    counts = rule_counts(warehouse.read("clean.exclusions", columns=["rule_id"]))
    return {
        "rules": [
            {"rule": name, "n_sales": n, "sentence": RULE_SENTENCES[name]}
            for name, n in counts.items()
        ],
        "sales": found.to_dicts(),
    }


def _decide(verb: str, key: str, reason: str, by: str | None, source: str | None) -> dict[str, Any]:
    """Carries a decision out as a run that makes the sales anew."""
    import dagster as dg

    from realty_assets.cleaning import overrides
    from realty_assets.runs import open_instance

    who = by if by is not None else decisions.user()
    asked = {"verb": verb, "key": key, "reason": reason, "by": who}
    # Dagster takes no null in a configuration.
    asked |= {"source": source} if source is not None else {}
    warehouse = _warehouse()
    if not warehouse.exists("clean.sales"):
        raise overrides.BadSaleDecision(overrides.NO_SALES)
    with warehouse.transaction() as tx:
        overrides.check(tx, **asked)
    ledger = dg.AssetKey(["ledger", "sale_decisions"])
    made = [dg.AssetKey(["clean", name]) for name in ("sales", "properties", "exclusions")]
    done = actions._execute(
        "all",
        out.progress,
        title=f"{verb} {key}",
        keys=[ledger, *made],
        ops={"ledger__sale_decisions": {"config": {"decision": asked}}},
    )
    with open_instance() as instance:
        event = instance.get_latest_materialization_event(ledger)
    told: Any = {}
    if event is not None and event.run_id == done.run_id and event.asset_materialization:
        told = event.asset_materialization.metadata["decision"].value
    return {
        "run_id": done.run_id,
        **told,
        "note": "clean.sales is made anew; `realty run all` carries it on to models and values",
    }


def _warehouse() -> Any:
    from realty_assets.warehouse import Warehouse

    return Warehouse.at(actions._home().warehouse_path)
