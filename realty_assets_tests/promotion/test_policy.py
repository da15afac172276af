"""The promotion policy: whose file counts, what its hash tells apart, what is refused and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from realty_assets.promotion.gates import judge_floors
from realty_assets.promotion.policy import FILE, OWN_POLICY, PromotionPolicyError, read_policy

OWN = "version: 1\nfloors:\n  - {gate: error, figure: mdape, at_most: 0.05}\n"


def test_a_home_may_ask_for_more(tmp_path: Path) -> None:
    assert read_policy(tmp_path) == read_policy()
    (tmp_path / FILE).write_text(OWN)
    policy = read_policy(tmp_path)
    assert [floor.requirement for floor in policy.floors] == ["<= 0.05"]
    (gate,) = judge_floors(policy, {"mdape": 0.08})[2:]
    assert (gate.name, gate.passed) == ("error", False)


def test_what_a_file_does_not_name_is_as_in_the_packages_own(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(OWN)
    floors = {"floors": read_policy().floors}
    assert read_policy(tmp_path).model_copy(update=floors) == read_policy()
    (tmp_path / FILE).write_text(OWN + "refresh: null\nequity: [cod]\n")
    policy = read_policy(tmp_path)
    assert (policy.refresh, policy.equity) == (None, ("cod",))
    assert policy.sha256 != read_policy().sha256


def test_the_hash_tells_what_is_asked_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("# ours\n" + OWN_POLICY.read_text())
    assert read_policy(tmp_path).sha256 == read_policy().sha256
    (tmp_path / FILE).write_text(OWN_POLICY.read_text().replace("0.25", "0.24"))
    assert read_policy(tmp_path).sha256 != read_policy().sha256


def test_a_bound_of_zero_is_a_bound(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(OWN.replace("at_most: 0.05", "at_least: 0.0"))
    (floor,) = read_policy(tmp_path).floors
    assert floor.requirement == ">= 0"
    assert [floor.holds(seen) for seen in (0.0, -0.1, None, float("nan"))] == [True, *[False] * 3]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("floors: [", "it is not YAML"),
        ("", "the file"),
        (OWN.replace("version: 1", "version: 2"), "version"),
        (OWN + "automatic: yes\n", "automatic"),
        (OWN.replace("at_most", "at_worst"), "floors.0.at_worst"),
        (OWN.replace(", at_most: 0.05", ""), "needs at_least, at_most or both"),
        (OWN.replace("at_most: 0.05", "at_least: 2, at_most: 1"), "no model could pass"),
        ("version: 1\nfloors: []\n", "floors"),
        (OWN + "paired: {alpha: 0.7}\n", "paired.alpha"),
        (OWN + "coverage: {at_least: 0.9, at_most: 0.8}\n", "no model could pass"),
        (OWN + "equity: [mood]\n", "equity.0"),
        (OWN + "  - {gate: error, figure: cod, at_most: 15}\n", "two gates are called 'error'"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(PromotionPolicyError, match=r"promotion\.yaml") as refused:
        read_policy(tmp_path)
    assert told in str(refused.value)
