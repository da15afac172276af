"""The graph as a whole: it loads cleanly, names things by the rules, and imports one way."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from realty_assets.definitions import build_defs, current_defs, defs

PACKAGE = Path(__file__).resolve().parent.parent / "realty_assets"
HEAVY = ["torch", "mlflow", "shap", "evidently", "timm", "sklearn", "xgboost"]
# A room imports from rooms before it, never from one behind.
ROOMS = [
    "sample_market",
    "ingestion",
    "exploration",
    "publishing",
    "cleaning",
    "evaluation",
    "features",
    "multimodal",
    "modeling",
    "analysis",
    "promotion",
    "serving",
    "monitoring",
    "retraining",
    "operations",
]


def specs() -> list[dg.AssetSpec]:
    return list(build_defs().resolve_all_asset_specs())


def test_the_definitions_load_and_validate() -> None:
    dg.Definitions.validate_loadable(defs)


def test_a_command_works_in_the_home_of_its_settings_whatever_was_imported_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        monkeypatch.setenv("REALTY_HOME", str(tmp_path / name))
        found = (current_defs().resources or {})["warehouse"]
        assert found.path == tmp_path / name / "warehouse.duckdb"


def test_importing_the_definitions_loads_no_modelling_library() -> None:
    code = (
        "import sys, json, realty_assets.definitions\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_keys_are_schema_and_table_and_every_asset_says_what_it_is() -> None:
    for spec in specs():
        name = spec.key.to_user_string()
        assert len(spec.key.path) == 2, name
        assert spec.group_name in ROOMS, name
        assert spec.description, name
        assert spec.owners, name
        assert spec.kinds, name
        assert spec.code_version, name


def test_every_phase_of_this_release_has_its_tables() -> None:
    keys = {spec.key.to_user_string() for spec in specs()}
    assert keys >= {
        *["ledger/files", "raw/listings", "staging/listings", "staging/quarantine"],
        *["publish/coverage_summary", "publish/selected_listings", "publish/clean_samples"],
        *["publish/manifests", "exploration/findings", "exploration/reports"],
        *["ledger/contents", "ledger/events", "ledger/decisions"],
        *["ledger/photo_files", "staging/photos", "staging/photo_gaps"],
        *["clean/properties", "clean/sales", "clean/listings", "clean/exclusions"],
        *["features/market_index", "features/matrix", "features/registry", "features/comparables"],
        *["multimodal/embeddings", "multimodal/listing_photos"],
        *["modeling/backtests", "modeling/predictions", "modeling/models"],
        *["analysis/attributions", "analysis/effects", "analysis/ablations"],
        *["analysis/takeaways"],
        *["promotion/decisions", "promotion/aliases", "promotion/paired_sales"],
        "promotion/probations",
        *["serving/valuations", "serving/shadow_valuations", "serving/reports"],
        *["monitoring/profile", "monitoring/drift", "monitoring/performance"],
        *["monitoring/alerts", "monitoring/alert_events", "monitoring/attributions"],
        *["monitoring/expected_errors", "monitoring/exchangeability"],
        *["retraining/champion_months", "retraining/triggers"],
        *["operations/actions", "operations/backups", "operations/retention"],
        *["operations/holds", "operations/costs", "operations/bills"],
    }


def test_everything_that_writes_takes_its_turn_at_the_warehouse() -> None:
    for assets in build_defs().resolve_asset_graph().assets_defs:
        if assets.is_executable and assets.keys:
            assert assets.op.pool == "duckdb", assets.keys


def test_materialize_all_is_one_run_of_plain_assets() -> None:
    assert all(spec.partitions_def is None for spec in specs())
    job = build_defs().resolve_job_def("all")
    assert len(job.graph.nodes) > 5


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_rooms_before_it(room: str) -> None:
    behind = ROOMS[ROOMS.index(room) + 1 :]
    top = ["definitions", "cli", "cli_actions", "demo", "deliveries", "automation", "runs"]
    for path in (PACKAGE / room).rglob("*.py"):
        for module in imports_of(path):
            parts = module.split(".")
            if parts[0] == "realty_assets" and len(parts) > 1:
                assert parts[1] not in behind + top, f"{path.name} imports {module}"


@pytest.mark.parametrize("room", ROOMS)
def test_only_the_faces_of_a_room_import_dagster(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        if path.name in {"assets.py", "checks.py", "automation.py"}:
            continue
        assert not any(name.split(".")[0] == "dagster" for name in imports_of(path)), path


def test_no_statement_longer_than_a_line_stands_in_python() -> None:
    verbs = ("SELECT ", "WITH ", "INSERT ", "CREATE ", "DELETE ", "UPDATE ")
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.strip()
                if text.upper().startswith(verbs):
                    assert "\n" not in text, f"{path}:{node.lineno} belongs into sql/"
