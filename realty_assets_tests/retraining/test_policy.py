"""A policy that cannot be used says where and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from realty_assets.retraining.policy import FILE, RetrainingPolicyError, read_policy


def test_a_part_that_is_not_named_is_as_in_the_package(tmp_path: Path) -> None:
    assert read_policy(tmp_path) == read_policy()
    (tmp_path / FILE).write_text("version: 1\n")
    assert read_policy(tmp_path) == read_policy()
    (tmp_path / FILE).write_text("version: 1\ntriggers: {drift: null}\n")
    own = read_policy(tmp_path)
    assert own.triggers.drift is None
    assert own.sha256 != read_policy().sha256


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("version: 2", "version"),
        ("version: 1\nguards: {cool_down: 3}", "guards.cool_down"),
        ("version: 1\nbegin: {drift: rewrite}", "begin.drift"),
        ("version: 1\ntriggers: {performance: {alpha: 0.2, doubt: 0.1}}", "doubt lies below"),
        (
            "version: 1\nguards: {freeze: [{from: 2026-02-01, to: 2026-01-01, why: x}]}",
            "ends before",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(RetrainingPolicyError, match=why) as raised:
        read_policy(tmp_path)
    assert FILE in str(raised.value)
