"""Headings as sets of words, and how near a heading is to a name that a column may have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from realty_assets.ingestion.mapping_cells import HELPERS

HERE = Path(__file__).parent
# A match that is less than the whole name is never sure, whatever the values say.
PARTIAL, MOST_PARTIAL = 0.75, 0.78
RESO_NAME, NAMED = 0.97, 0.93
_NOISE_WEIGHT, _GENERIC_WEIGHT = 0.15, 0.5


@dataclass(frozen=True)
class Name:
    """One way to say what a column holds, and how far it is to be trusted (0 to 1)."""

    words: frozenset[str]
    trust: float


@cache
def vocabulary() -> dict[str, Any]:
    """What words.yaml states."""
    stated: dict[str, Any] = yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))
    # YAML reads a bare 15 as a number.
    for part in ("dropped", "noise", "generic", "qualifiers", "private"):
        stated[part] = frozenset(str(word) for word in stated[part])
    stated["pairs"] = {tuple(pair.split()): word.split() for pair, word in stated["pairs"].items()}
    return stated


def word_list(heading: str) -> list[str]:
    """The words of a heading, written out and in the singular, without what is in brackets."""
    said = vocabulary()
    outside = re.sub(r"\([^)]*\)?", " ", heading)
    text = outside if re.search(r"[A-Za-z]", outside) else heading
    text = re.sub(r"(?i)\by\s*/\s*n\b", " yn ", text)
    text = text.replace("#", " number ").replace("$", " price ")
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    text = re.sub(r"([A-Z]{2,})([A-Z][a-z])", r"\1 \2", text)
    words: list[str] = []
    for word in re.findall(r"[^\W\d_]+|\d+", text.casefold()):
        words += str(said["words"].get(word, word)).split()
    merged: list[str] = []
    for word in words:
        if merged and (merged[-1], word) in said["pairs"]:
            merged[-1:] = said["pairs"][merged[-1], word]
        else:
            merged.append(word)
    return [word for word in merged if word not in said["dropped"]]


@cache
def names() -> dict[str, tuple[Name, ...]]:
    """The names of every column that can be proposed; its own RESO name first."""
    stated: dict[str, Any] = yaml.safe_load((HERE / "fields.yaml").read_text(encoding="utf-8"))
    found = {}
    for column, ways in stated.items():
        own = column.lstrip("_").replace("_", " ")
        told = [Name(frozenset(word_list(own)), RESO_NAME)]
        told += [Name(frozenset(word_list(text)), NAMED) for text in ways.get("names", ())]
        told += [
            Name(frozenset(word_list(str(text))), float(trust))
            for text, trust in ways.get("maybe", {}).items()
        ]
        found[column] = tuple(told)
    return found


def likeness(words: frozenset[str], column: str) -> tuple[float, bool]:
    """(trust that `words` name `column`, whether they are all of one of its names)."""
    whole, part = 0.0, 0.0
    noise = vocabulary()["noise"]
    for name in names()[column]:
        if words == name.words:
            whole = max(whole, name.trust)
        elif name.words < words and words - name.words <= noise:
            whole = max(whole, name.trust - 0.02)
        elif words & name.words:
            part = max(part, PARTIAL * _overlap(words, name.words) * name.trust)
    if column in HELPERS:
        # These only serve rules: half a name is not enough.
        return whole, True
    return (whole, True) if whole >= part else (part, False)


def _overlap(words: frozenset[str], name: frozenset[str]) -> float:
    noise, generic = vocabulary()["noise"], vocabulary()["generic"]

    def weight(some: frozenset[str]) -> float:
        return sum(_GENERIC_WEIGHT if word in generic else 1.0 for word in some)

    extra = words - name
    beyond = weight(extra - noise) + _NOISE_WEIGHT * len(extra & noise)
    shared = weight(words & name)
    near = 2 * shared / (2 * shared + beyond + weight(name - words))
    changed = any(word in vocabulary()["qualifiers"] or word.isdigit() for word in extra)
    return near * (0.5 if changed else 1.0)


def is_private(words: frozenset[str]) -> bool:
    """Whether a heading is about people: owners, agents, ways to reach them, remarks."""
    return any(set(one.split()) <= words for one in vocabulary()["private"])


@cache
def word_table(which: str) -> dict[str, str]:
    """Plain word of a cell to RESO value: of 'statuses' or 'kinds'."""
    return {word: value for value, told in vocabulary()[which].items() for word in told}


def plain_words(cell: str) -> str:
    """A cell's words without case and punctuation, as word_table has them."""
    return " ".join(re.findall(r"[^\W_]+", cell.casefold()))
