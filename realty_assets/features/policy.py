"""Barred features: no column of a matrix, and nothing that one is made from, may be on this list.

Protected classes are those of the Fair Housing Act (42 U.S.C. 3604) and of the Equal Credit
Opportunity Act (15 U.S.C. 1691), with the measures of a neighbourhood's people that stand in for
them, and the names of people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from realty_assets.errors import RealtyError
from realty_assets.features.feature import Feature

OWN_POLICY = Path(__file__).with_name("policy.yaml")
Policy = Mapping[str, str]


class PolicyError(RealtyError):
    """A policy file cannot be used."""


class BarredFeature(RealtyError):
    """A feature is made from something that the policy bars."""


def read_policy(home: Path | None = None) -> Policy:
    """Topic of each barred term: the package's list, and what `home`/policy.yaml adds to it.

    Raises PolicyError naming the file and what is wrong with it.
    """
    policy = dict(_read(OWN_POLICY))
    if home is not None and (home / "policy.yaml").exists():
        policy = dict(_read(home / "policy.yaml")) | policy
    return policy


def barred_by(names: Iterable[str], policy: Policy) -> dict[str, str]:
    """Of `names`, those that the policy bars, each with "topic: term"."""
    # By first word, so that a name is compared only with the few terms that may be in it.
    by_word: dict[str, list[tuple[int, list[str], str]]] = {}
    for rank, (term, topic) in enumerate(policy.items()):
        own = term.split("_")
        for word in (own[0], f"{own[0]}s"):
            by_word.setdefault(word, []).append((rank, own, f"{topic}: {term}"))
    found = {}
    for name in names:
        words = name.lower().replace(".", "_").replace(" ", "_").split("_")
        matches = [
            (rank, why)
            for i, word in enumerate(words)
            for rank, term, why in by_word.get(word, ())
            if _same(words[i : i + len(term)], term)
        ]
        if matches:
            found[name] = min(matches)[1]
    return found


def breaches(matrix: pl.DataFrame, specs: Iterable[Feature], policy: Policy) -> dict[str, str]:
    """What is barred among the matrix's columns and the columns that its features come from."""
    names = [
        *matrix.columns,
        *(name for spec in specs for name in (spec.name, *spec.source_columns)),
    ]
    return barred_by(dict.fromkeys(names), policy)


def refuse_barred(specs: Iterable[Feature], policy: Policy) -> None:
    """Raises BarredFeature for the first feature that the policy bars, before it is made."""
    told = [(spec.name, name) for spec in specs for name in (spec.name, *spec.source_columns)]
    found = barred_by(dict.fromkeys(name for _, name in told), policy)
    for feature, name in told:
        if name in found:
            raise BarredFeature(
                f"The feature {feature} may not be made: {name!r} is barred by the policy "
                f"({found[name]}). Rename or remove it."
            )


def _same(words: list[str], term: list[str]) -> bool:
    return len(words) == len(term) and all(
        word in (own, f"{own}s") for word, own in zip(words, term, strict=True)
    )


def _read(path: Path) -> dict[str, str]:
    def wrong(what: str) -> PolicyError:
        return PolicyError(f"The policy {path} cannot be used: {what}.")

    try:
        given: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise wrong(f"it is not YAML: {' '.join(str(error).split())}") from error
    if (
        not isinstance(given, dict)
        or set(given) != {"terms"}
        or not isinstance(given["terms"], dict)
    ):
        raise wrong("it must hold 'terms' and nothing else, topics with a list of terms each")
    out: dict[str, str] = {}
    for topic, terms in given["terms"].items():
        if not isinstance(terms, list) or not all(isinstance(term, str) and term for term in terms):
            raise wrong(f"the terms of {topic!r} must be a list of words joined by underscores")
        out |= {term.lower().replace(" ", "_"): str(topic) for term in terms}
    return out
