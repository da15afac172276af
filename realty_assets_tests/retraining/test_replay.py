"""The time machine on small towns: what it counts, that it goes on where it was killed, and that
what became known later changes nothing of what was decided before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from realty_assets.modeling.walk_forward import Market
from realty_assets.promotion.policy import read_policy as read_promotion
from realty_assets.retraining.policy import Policy, read_policy
from realty_assets.retraining.replay.play import Rules
from realty_assets.retraining.replay.run import MONTHS, TABLE, Asked, replay
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import market_of

FIRST, LAST = date(2021, 7, 1), date(2021, 12, 1)
OF_RUNS = ("loop_cpu_s",)


def drifting_town(n: int = 1600, monthly: float = 0.0, since: date = FIRST) -> pl.DataFrame:
    """A town whose level of big homes moves away from that of others, a part a month."""
    sales = town(n)
    months = (pl.col("close_date") - pl.lit(since)).dt.total_days().clip(0) / 30.4
    big = pl.col("living_area") > sales["living_area"].median()
    moved = pl.when(big).then(monthly * months).otherwise(0.0).exp()
    return sales.with_columns(close_price=(pl.col("close_price") * moved).round(0))


def policy() -> Policy:
    """For few sales a month."""
    own = read_policy()
    rule = own.triggers.performance
    assert rule is not None
    few = own.triggers.model_copy(
        update={"performance": rule.model_copy(update={"min_sales": 40}), "new_sales": None}
    )
    return own.model_copy(update={"triggers": few})


def played(market: Market, folder: Path, until: date = LAST, stop_at: str = "") -> dict:
    def on_month(name: str) -> None:
        if name == stop_at:
            raise KeyboardInterrupt

    promotion = read_promotion()
    rule = promotion.paired.model_copy(update={"min_sales": 60, "min_segment_sales": 40})
    few = promotion.model_copy(update={"paired": rule})
    rules = Rules.of(policy(), few, lambda day: 0.05)
    asked = Asked(FIRST, until, folder, "data", pl.DataFrame())
    return replay(market, lambda world: rules, asked, on_month)


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> tuple[Market, Path, dict]:
    market = market_of(drifting_town(monthly=0.05))
    folder = tmp_path_factory.mktemp("moving")
    return market, folder, played(market, folder)


def test_a_moving_market_is_noticed_and_the_managed_model_is_better(
    moving: tuple[Market, Path, dict],
) -> None:
    _, folder, told = moving
    assert told["n_months"] == 6
    assert 1 <= told["n_retrains"] < told["n_retrains_monthly"]
    assert told["n_alarms"] >= 1
    assert told["n_false_alarms"] <= 1
    assert told["managed_error"] < told["never_error"]
    rows = told["months"]
    assert rows[0]["managed_error"] == rows[0]["never_error"] == rows[0]["monthly_error"]
    table = pl.read_csv(folder / TABLE)
    assert table["month"].to_list() == [str(row["month"]) for row in rows]
    assert "managed" in (folder / "replay.html").read_text()


def test_a_killed_replay_goes_on_to_the_same_table(
    moving: tuple[Market, Path, dict], tmp_path: Path
) -> None:
    market, folder, _ = moving
    with pytest.raises(KeyboardInterrupt):
        played(market, tmp_path, stop_at="2021-10")
    kept = sorted(path.name for path in (tmp_path / MONTHS).glob("*.json"))
    assert kept == ["2021-07.json", "2021-08.json", "2021-09.json"]
    before = [(tmp_path / MONTHS / name).read_bytes() for name in kept]
    played(market, tmp_path)
    assert [(tmp_path / MONTHS / name).read_bytes() for name in kept] == before
    made, whole = (pl.read_csv(place / TABLE).drop(OF_RUNS) for place in (tmp_path, folder))
    assert made.equals(whole)


def test_what_happens_later_changes_no_month_before(
    moving: tuple[Market, Path, dict], tmp_path: Path
) -> None:
    _, folder, _ = moving
    until = date(2021, 9, 1)
    # The same market until October, another one from then on.
    later = pl.col("close_date") >= date(2021, 10, 1)
    other = drifting_town(monthly=0.05).with_columns(
        close_price=pl.when(later).then(pl.col("close_price") * 3).otherwise("close_price")
    )
    told = played(market_of(other), tmp_path, until)
    whole = pl.read_csv(folder / TABLE).head(3)
    made = pl.read_csv(tmp_path / TABLE)
    names = ["month", "champion_cutoff", "fired", "reason", "managed_mdape", "never_coverage"]
    assert made.select(names).equals(whole.select(names))
    assert told["n_months"] == 3
