"""The search: before its day, the same wherever it is cut, and never shown a test window."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from realty_assets.modeling.settings import Member, ModelSettings
from realty_assets.modeling.trials import choice, trial_rows, tuned, tuned_before
from realty_assets.modeling.tuning import REACH, Candidate, Search, tuning_folds
from realty_assets.modeling.walk_forward import Market
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import market_of

BEFORE = date(2021, 11, 1)


@pytest.fixture(scope="module")
def market() -> Market:
    plain = market_of(town(1000))
    settings = replace(plain.model, rounds=12, tuning_trials=7, tuning_months=2)
    return replace(plain, model=settings)


@pytest.fixture(scope="module")
def found(market, tmp_path_factory) -> list[Candidate]:
    return Search(market, BEFORE).run(tmp_path_factory.mktemp("t") / "journal.log")


def test_candidates_are_judged_on_months_that_were_over(market, found) -> None:
    folds = tuning_folds(market, BEFORE)
    assert [fold.name for fold in folds] == ["2021-09", "2021-10"]
    assert len(found) == 7
    assert [c.enqueued for c in found] == [True, True] + [False] * 5
    for candidate in found:
        n_months = len(candidate.month_scores)
        assert n_months == 2 if candidate.state == "complete" else n_months < 2
        assert candidate.score == pytest.approx(sum(candidate.month_scores) / n_months)


def test_nothing_known_from_its_day_on_changes_the_search(market, found, tmp_path) -> None:
    late = pl.col("close_date") >= BEFORE
    sales = market.sales_frame.with_columns(
        close_price=pl.when(late).then(pl.col("close_price") * 3).otherwise("close_price")
    )
    other = replace(market_of(sales), model=market.model)
    assert Search(other, BEFORE).run(tmp_path / "journal.log") == found


class Killed(Exception):
    pass


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_search_that_was_cut_off_goes_on_to_the_same_end(
    market, found, tmp_path: Path, monkeypatch, after
) -> None:
    calls = 0
    real = Search._try

    def dies(self, trial):
        nonlocal calls
        calls += 1
        if calls > after:
            raise Killed
        return real(self, trial)

    journal = tmp_path / "journal.log"
    with monkeypatch.context() as patch:
        patch.setattr(Search, "_try", dies)
        if after < 7:
            with pytest.raises(Killed):
                Search(market, BEFORE).run(journal)
    assert Search(market, BEFORE).run(journal) == found
    # All of it is in the journal now: nothing is tried again.
    with monkeypatch.context() as patch:
        patch.setattr(Search, "_try", lambda *_: pytest.fail("tried again"))
        assert Search(market, BEFORE).run(journal) == found


def test_members_take_the_settings_of_the_best_of_their_kind(market, found) -> None:
    rows = trial_rows(found, market.model, "off_market", BEFORE)
    assert rows.height == 7
    settings = tuned(market.model, rows, "off_market", date(2021, 12, 1))
    for place, number in enumerate(choice(found, market.model)):
        member = settings.members[place]
        kind = market.model.members[place]
        assert (member.comps_as, member.loss) == (kind.comps_as, kind.loss)
        rivals = [
            c.score
            for c in found
            if c.state == "complete"
            and (c.member.comps_as, c.member.loss) == (kind.comps_as, kind.loss)
        ]
        assert number is not None
        assert found[number].score == min(rivals)
        assert member.tuned == found[number].member.tuned


def test_a_window_before_the_search_does_not_profit_from_it(market, found) -> None:
    rows = trial_rows(found, market.model, "off_market", BEFORE)
    assert tuned(market.model, rows, "off_market", date(2021, 10, 1)) == market.model
    assert tuned(market.model, rows, "on_market", date(2021, 12, 1)) == market.model
    assert tuned_before(date(2021, 12, 1)) == date(2021, 10, 1)


def test_a_market_too_young_to_search_is_not_searched(market, tmp_path) -> None:
    assert Search(market, date(2021, 2, 1)).run(tmp_path / "journal.log") == []
    assert choice([], ModelSettings()) == [None] * len(ModelSettings().members)


def test_a_search_near_the_champion_stays_near_it(market, tmp_path) -> None:
    champion = Member("offset", tuned=(("max_depth", 5), ("min_child_weight", 20.0)))
    near = Search(market, BEFORE, around=[champion]).run(tmp_path / "journal.log", [champion])
    assert len(near) == market.model.tuning_trials
    for one in near:
        own = dict(one.member.tuned)
        assert 4 <= own["max_depth"] <= 6
        assert 20.0 / REACH <= own["min_child_weight"] <= 20.0 * REACH


def test_a_longer_search_goes_on_from_the_shorter_one(market, found, tmp_path) -> None:
    journal = tmp_path / "journal.log"
    assert Search(market, BEFORE).run(journal) == found
    longer = Search(market, BEFORE, effort=2).run(journal)
    assert len(longer) == 2 * market.model.tuning_trials
    assert longer[: len(found)] == found
