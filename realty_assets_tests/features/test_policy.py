"""Barred features: what the policy bars, what it does not, and that the checks can fail."""

from __future__ import annotations

import polars as pl
import pytest

from realty_assets.features.policy import (
    BarredFeature,
    PolicyError,
    barred_by,
    breaches,
    read_policy,
    refuse_barred,
)
from realty_assets.features.registry import Feature, features


def feature(name: str, *sources: str) -> Feature:
    return Feature(name, "x", "x", sources or (name,), "x")


@pytest.mark.parametrize(
    "name",
    [
        *("owner_name", "owner_names", "race", "pct_black", "tract_hispanic_share", "Owner_Name"),
        *("layer_religion_distance_km", "layers.church_memberships", "median_household_income"),
        *("list_agent_full_name", "seller_name_1", "number_of_children", "veterans"),
    ],
)
def test_people_and_protected_classes_are_barred(name) -> None:
    assert barred_by([name], read_policy()) != {}


@pytest.mark.parametrize(
    "name",
    [
        *("terrace_sqft", "brace", "age_years", "exterior_color", "sexton_street_yn"),
        *("mls_area_minor", "bedrooms_total", "grade_score", "neighbours_age_years"),
    ],
)
def test_words_of_a_home_are_not(name) -> None:
    assert barred_by([name], read_policy()) == {}


def test_no_feature_of_ours_is_barred() -> None:
    refuse_barred(features(), read_policy())
    assert (
        breaches(pl.DataFrame({s.name: [0.0] for s in features()}), features(), read_policy()) == {}
    )


def test_a_barred_column_or_source_is_found_and_refused() -> None:
    policy = read_policy()
    assert breaches(pl.DataFrame({"race": [1]}), (), policy) == {"race": "race_and_colour: race"}
    hidden = feature("area_index", "close_price", "owner_name")
    assert breaches(pl.DataFrame({"area_index": [1]}), [hidden], policy) == {
        "owner_name": "people: owner_name"
    }
    with pytest.raises(BarredFeature, match="area_index may not be made: 'owner_name' is barred"):
        refuse_barred([hidden], policy)


def test_a_home_s_policy_adds_and_cannot_take_away(tmp_path) -> None:
    (tmp_path / "policy.yaml").write_text("terms: {ours: [association fee, race]}\n")
    policy = read_policy(tmp_path)
    assert barred_by(["association_fee", "owner_name"], policy) == {
        "association_fee": "ours: association_fee",
        "owner_name": "people: owner_name",
    }
    assert policy["race"] == read_policy()["race"]
    with pytest.raises(BarredFeature, match="association_fee"):
        refuse_barred(features(), policy)


@pytest.mark.parametrize(
    "text", ["terms: [race]", "allow: {}", "terms: {x: race}", "terms: {x: [1]}", "terms: {", ""]
)
def test_a_policy_that_cannot_be_read_says_so(tmp_path, text) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(PolicyError, match=r"policy\.yaml cannot be used") as told:
        read_policy(tmp_path)
    assert "\n" not in str(told.value)
