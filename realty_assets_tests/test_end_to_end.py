"""The whole road on a small sample market: from exports to valuations, a report and a registry."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from realty_assets.definitions import build_defs
from realty_assets.settings import get_settings
from realty_assets.up_to_date import NAMING_FILES, last_full_run
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market, environment, realty_here, realty_json

pytestmark = pytest.mark.slow
MODELS = ["realty-at-listing", "realty-off-market", "realty-on-market"]


@pytest.fixture
def warehouse(market: Market) -> Warehouse:
    return Warehouse.at(market.home / "warehouse.duckdb")


@pytest.fixture
def own_copy(market: Market, tmp_path: Path) -> Path:
    """A home that a test may change."""
    folder = tmp_path / "copy"
    shutil.copytree(market.home, folder)
    return folder


def test_every_asset_is_a_table_and_every_table_an_asset(warehouse: Warehouse) -> None:
    keys = {".".join(spec.key.path) for spec in build_defs().resolve_all_asset_specs()}
    with warehouse.connect() as conn:
        tables = {
            f"{schema}.{name}"
            for schema, name in conn.execute(
                "SELECT table_schema, table_name FROM information_schema.tables"
            ).fetchall()
        }
    assert keys <= tables
    assert tables - keys == {"ledger.builds", "ledger.full_runs"}


def test_every_row_of_every_file_is_accounted_for(warehouse: Warehouse) -> None:
    files = warehouse.read("ledger.files")
    assert files.height > 0
    added = pl.col("rows_staged") + pl.col("rows_quarantined") + pl.col("rows_unchanged")
    assert files.filter(pl.col("rows_read") != added).height == 0
    assert files["rows_staged"].sum() == warehouse.read("staging.listings").height
    assert files["rows_quarantined"].sum() == warehouse.read("staging.quarantine").height


def test_every_active_listing_has_a_value_inside_its_interval(warehouse: Warehouse) -> None:
    values = warehouse.read("serving.valuations")
    listings = warehouse.read("clean.listings")
    active = listings.filter(pl.col("standard_status") == "Active")["listing_key"]
    assert sorted(values["listing_key"]) == sorted(active)
    valued = values.filter(pl.col("value").is_not_null())
    assert valued.height >= 0.95 * values.height
    assert valued.filter(
        (pl.col("lower_90") > pl.col("value")) | (pl.col("value") > pl.col("upper_90"))
    ).is_empty()
    assert valued["model_version"].n_unique() == 1


def test_the_first_valid_model_is_champion_in_the_ledger_and_in_mlflow(
    market: Market, warehouse: Warehouse
) -> None:
    aliases = warehouse.read("promotion.aliases")
    assert aliases["name"].to_list() == MODELS
    assert set(aliases["alias"]) == {"champion"}
    decisions = warehouse.read("promotion.decisions")
    assert set(decisions["verdict"]) == {"promote"}
    assert decisions["reason"].str.contains("first").all()
    with sqlite3.connect(market.home / "mlflow" / "mlflow.db") as conn:
        rows = conn.execute("SELECT name, alias FROM registered_model_aliases").fetchall()
    assert sorted(rows) == [(name, "champion") for name in MODELS]


def test_a_second_model_becomes_challenger_and_stays_so(own_copy: Path, market: Market) -> None:
    kept = sorted((market.home / "mlflow" / "artifacts").rglob("*"))
    warehouse = Warehouse.at(own_copy / "warehouse.duckdb")
    first = warehouse.read("promotion.aliases")
    champions = dict(zip(first["name"], first["model_version"], strict=True))
    for _ in range(2):
        for room in ("modeling", "promotion", "serving"):
            realty_here(own_copy, "run", room, REALTY_SEED="11")
        aliases = warehouse.read("promotion.aliases")
        for name, champion in champions.items():
            mine = aliases.filter(pl.col("name") == name)
            held = dict(zip(mine["alias"], mine["model_version"], strict=True))
            assert held["champion"] == champion
            assert held["challenger"] != champion
    with sqlite3.connect(own_copy / "mlflow" / "mlflow.db") as conn:
        rows = conn.execute("SELECT name, alias, version FROM registered_model_aliases").fetchall()
    assert sorted(rows) == sorted(
        (name, alias, version)
        for name in MODELS
        for alias, version in (("champion", 1), ("challenger", 2), ("shadow", 2))
    )
    champion = champions["realty-off-market"]
    # The home that this one was copied from is left alone.
    assert sorted((market.home / "mlflow" / "artifacts").rglob("*")) == kept
    assert set(warehouse.read("serving.valuations")["model_version"]) == {champion}


def test_before_there_is_data_the_sentence_says_how_many_sales_are_needed(tmp_path: Path) -> None:
    for words in (
        ["value", "1"],
        ["backtest", "--from", "2021-01", "--to", "2021-02"],
        ["run", "modeling"],
        ["run", "all"],
    ):
        done = realty_here(tmp_path / "empty", *words, check=False)
        assert done.returncode == 1, words
        assert "Traceback" not in done.stderr
        assert "realty ingest" in done.stderr, done.stderr


def test_the_report_is_one_file_that_loads_nothing(market: Market, warehouse: Warehouse) -> None:
    for page in warehouse.read("serving.reports").to_dicts():
        text = (market.home / page["path"]).read_text(encoding="utf-8")
        assert 'src="http' not in text
        assert "an estimate, not an appraisal" in text.lower()


def test_another_setting_is_something_new(
    market: Market, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(market.home).items():
        monkeypatch.setenv(name, value)
    assert last_full_run(get_settings(), warehouse) is not None
    monkeypatch.setenv("REALTY_BACKTEST_MONTHS", "2")
    assert last_full_run(get_settings(), warehouse) is None


def test_what_is_lost_comes_back_and_nothing_else_is_made_again(
    own_copy: Path, warehouse: Warehouse
) -> None:
    before = realty_json(own_copy, "fingerprint")
    assert realty_json(own_copy, "run", "all")["up_to_date"]
    with warehouse.connect() as conn:
        naming = conn.execute(
            "SELECT DISTINCT table_schema || '.' || table_name FROM information_schema.columns "
            "WHERE column_name IN ('path', 'artifact')"
        ).fetchall()
    # What was delivered and what was backed up cannot be made again.
    kept = {"staging.photos", "ledger.photo_files", "operations.backups"}
    assert {table for (table,) in naming} - kept == set(NAMING_FILES)
    pages = [next((own_copy / "reports").glob("*.html"))]
    pages.append(next((own_copy / "reports" / "monitoring").glob("*.html")))
    for page in pages:
        page.unlink()
    shutil.rmtree(own_copy / "models")
    told = realty_json(own_copy, "run", "all")
    assert set(told["rebuilt"]) == {"serving/reports", "monitoring/days", "modeling/models"}
    assert told["n_reused"] == told["n_materialized"] - 3 > 0
    assert realty_json(own_copy, "fingerprint") == before
    assert all(page.exists() for page in pages)
    assert any((own_copy / "models").iterdir())


def test_the_same_file_again_adds_a_ledger_row_and_nothing_else(
    own_copy: Path, market: Market, tmp_path: Path
) -> None:
    tables = ["staging.listings", "staging.quarantine", "raw.listings"]
    before = realty_json(own_copy, "fingerprint", *tables)
    export = sorted(market.exports.glob("*.csv"))[0]
    renamed = tmp_path / "elsewhere" / "renamed.csv"
    renamed.parent.mkdir()
    shutil.copy(export, renamed)
    n_before = Warehouse.at(own_copy / "warehouse.duckdb").read("ledger.files").height
    for path in (export, renamed):
        told = realty_json(own_copy, "ingest", path, "--source", "har")["files"]
        assert [row["status"] for row in told] == ["unchanged"]
        assert told[0]["rows_unchanged"] == told[0]["rows_read"] > 0
    assert realty_json(own_copy, "fingerprint", *tables) == before
    files = Warehouse.at(own_copy / "warehouse.duckdb").read("ledger.files")
    assert files.height == n_before + 2


def test_one_value_and_its_errors_from_the_command_line(market: Market, own_copy: Path) -> None:
    values = Warehouse.at(own_copy / "warehouse.duckdb").read("serving.valuations")
    row = values.filter(pl.col("value").is_not_null()).row(0, named=True)
    told = realty_json(own_copy, "value", row["listing_key"])
    assert told["value"] == row["value"]
    assert told["lower_90"] <= told["value"] <= told["upper_90"]
    missing = realty_here(own_copy, "value", "no-such-key", check=False)
    assert missing.returncode == 1
    assert "Traceback" not in missing.stderr
    assert missing.stderr.count("error:") == 1


def test_status_tells_of_files_rules_models_and_tables(own_copy: Path) -> None:
    told = realty_json(own_copy, "status")
    assert told["waiting_in_inbox"] == []
    assert {"files", "quarantine_rules", "models", "tables"} <= set(told)


def test_a_backtest_writes_one_row_per_sale_of_the_window(own_copy: Path, tmp_path: Path) -> None:
    sales = Warehouse.at(own_copy / "warehouse.duckdb").read("clean.sales")
    last = sales["close_date"].max()
    month = f"{last:%Y-%m}"
    out = tmp_path / "preds.csv"
    told = realty_json(own_copy, "backtest", "--from", month, "--to", month, "--out", out)
    rows = pl.read_csv(out, infer_schema=False)
    assert rows.columns == [
        *["listing_key", "parcel_number", "close_date", "close_price", "prediction"],
        *["lower_90", "upper_90", "track", "as_of", "cutoff", "model_version", "excluded_by"],
        *["lower_bound_90", "fsd"],
    ]
    of_month = sales.filter(pl.col("close_date").dt.strftime("%Y-%m") == month)
    assert sorted(rows["listing_key"]) == sorted(of_month["listing_key"])
    assert json.dumps(told)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "no_such_room"], "no_such_room"),
        (["backtest", "--from", "2021-13", "--to", "2021-02"], "2021-13"),
        (["backtest", "--from", "2031-01", "--to", "2031-02"], "2031"),
        (["fingerprint", "clean.nothing"], "clean.nothing"),
        (["ingest", "/no/such/file.csv"], "/no/such/file.csv"),
        (["ingest", "EXPORTS", "--source", "zillow"], "zillow"),
    ],
)
def test_bad_requests_are_one_sentence(
    own_copy: Path, market: Market, words: list[str], says: str
) -> None:
    given = [str(market.exports) if word == "EXPORTS" else word for word in words]
    done = realty_here(own_copy, *given, check=False)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
