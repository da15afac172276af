"""What stands in the home of a test: aliases here and in MLflow, and what the tables hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from realty_assets.fingerprint import table_fingerprint
from realty_assets.warehouse import Warehouse

TABLES = tuple(
    f"promotion.{name}" for name in ("decisions", "aliases", "paired_sales", "probations")
)


def held(warehouse: Warehouse) -> dict[str, str]:
    """Aliases as the table has them, but for the challenger's shadow; MLflow's are the same."""
    rows = warehouse.read("promotion.aliases")
    numbers = dict(
        warehouse.read("modeling.models").select("model_version", "mlflow_version").iter_rows()
    )
    with sqlite3.connect(warehouse.home / "mlflow" / "mlflow.db") as conn:
        found = conn.execute("SELECT alias, version FROM registered_model_aliases").fetchall()
    table = dict(zip(rows["alias"], rows["model_version"], strict=True))
    assert dict(found) == {alias: numbers[version] for alias, version in table.items()}
    assert table.pop("shadow", None) == table.get("challenger")
    return table


def prints(warehouse: Warehouse, tables: Sequence[str] = TABLES) -> list[tuple[int, str]]:
    with warehouse.connect() as conn:
        return [table_fingerprint(conn, table) for table in tables]
