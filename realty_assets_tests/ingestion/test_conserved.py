"""Whatever is delivered and decided, in whatever order: each record stands in exactly one place.

The count is made without the ledger: from the lines of the files, and from where their records
stand in staging and quarantine. A record that stands in neither must tell nothing new.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realty_assets.ingestion.conservation import unbalanced
from realty_assets.ingestion.decisions import Request, decide
from realty_assets.ingestion.intake import CODE_VERSION, take_in
from realty_assets.ingestion.plans import CannotRelease, MappingChanged
from realty_assets.ingestion.selection import NoSuchRows
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import MAPPING

FULL = os.environ.get("REALTY_TORTURE") == "full"
HEADER = "Id,Price,Size,Day"
FORMS = ('"%Y-%m-%d"', '"%Y-%m-%d", "%d.%m.%Y"')
rows = st.one_of(
    st.builds(
        "{},{},{},{}".format,
        st.integers(1, 4),
        st.sampled_from(["300000", "310000", "500", "0", "what"]),
        st.sampled_from(["1500", "-5", "", "2000"]),
        st.sampled_from(["2021-05-01", "2021-06-01", "05.06.2021", "never"]),
    ),
    st.sampled_from(["1,2", ",300000,1500,2021-05-01"]),
)
files = st.lists(rows, min_size=1, max_size=6)
picks = st.fixed_dictionaries(
    {},
    optional={
        "rule_ids": st.sampled_from(
            [("price.token",), ("date.unreadable",), ("area.not_positive",), ("record.malformed",)]
        ),
        "line_number": st.integers(2, 6),
        "listing_key": st.sampled_from(["1", "2"]),
    },
)
steps = st.one_of(
    st.tuples(st.just("deliver"), files),
    st.tuples(st.just("deliver again"), st.integers(0, 3)),
    st.tuples(st.just("mapping"), st.integers(0, 1)),
    st.tuples(st.sampled_from(["release", "retry", "discard"]), picks),
    st.tuples(st.just("release discarded"), picks),
)


@dataclass
class World:
    """A home, and what was delivered to it."""

    home: Path
    warehouse: Warehouse
    form: int = 0
    contents: list[tuple[str, ...]] = field(default_factory=list)
    # How often each content was read, under one mapping each.
    read: dict[tuple[str, ...], set[int]] = field(default_factory=dict)
    n_files: int = 0

    def deliver(self, lines: tuple[str, ...]) -> None:
        self.n_files += 1
        name = f"{self.n_files}.csv"
        (self.home / "inbox" / name).write_text("\n".join([HEADER, *lines]) + "\n")
        (row,) = take_in(self.warehouse, max_share=1.0).rows
        again = self.form in self.read.setdefault(lines, set())
        assert row.status == ("unchanged" if again else "staged")
        self.read[lines].add(self.form)
        if lines not in self.contents:
            self.contents.append(lines)

    def write_mapping(self) -> None:
        text = MAPPING.replace(FORMS[0], FORMS[self.form])
        (self.home / "sources" / "mine.yaml").write_text(text)

    def decide(self, verb: str, selection: dict) -> None:
        asked = {
            "verb": verb.removesuffix(" discarded"),
            "reason": "why not",
            "by": "ann",
            "every_row": True,
        }
        standing = "discarded" if "discarded" in verb else "open"
        request = Request(**asked, selection=selection, resolution=standing)
        before = self.places()
        try:
            decide(self.warehouse, request, CODE_VERSION)
        except (NoSuchRows, CannotRelease, MappingChanged):
            # Refused as a whole: nothing has moved.
            assert self.places() == before

    def places(self) -> tuple[list[tuple], list[tuple]]:
        """(staged records, records kept out), by file and number."""
        if not self.warehouse.exists("staging.listings"):
            return [], []
        place = ["file_hash", "record_number"]
        staged = self.warehouse.read("staging.listings").select(place).rows()
        held = self.warehouse.read("staging.quarantine")
        kept = held.filter(pl.col("resolution").is_in(["open", "discarded"]))
        return sorted(staged), sorted(kept.select(place).rows())

    def check(self) -> None:
        found = unbalanced(self.warehouse)
        assert found.wrong == []
        staged, kept = self.places()
        n_records = sum(len(lines) * len(forms) for lines, forms in self.read.items())
        assert found.rows_read == n_records
        assert (found.rows_staged, found.rows_quarantined) == (len(staged), len(kept))
        assert found.rows_unchanged == n_records - len(staged) - len(kept)
        keys = set(self.warehouse.read("staging.listings")["listing_key"].to_list())
        by_hash = {row["file_hash"]: row["names"] for row in self._contents().to_dicts()}
        assert len(by_hash) == len(self.read)
        for digest in by_hash:
            lines = self._lines(digest)
            forms = len(self.read[lines])
            for number, line in enumerate(lines, start=1):
                standing = staged.count((digest, number)) + kept.count((digest, number))
                assert standing <= forms
                if standing < forms:
                    assert line.split(",")[0] in keys

    def _contents(self) -> pl.DataFrame:
        return self.warehouse.read("ledger.contents")

    def _lines(self, digest: str) -> tuple[str, ...]:
        (path,) = (self.home / "archive" / digest).iterdir()
        return tuple(path.read_text().splitlines()[1:])


@pytest.mark.torture
@settings(
    max_examples=150 if FULL else 5,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(steps, min_size=3, max_size=12 if FULL else 7))
def test_any_sequence_of_deliveries_and_decisions_conserves_rows(sequence: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name in ("inbox", "sources"):
            (home / name).mkdir()
        world = World(home, Warehouse.at(home / "warehouse.duckdb"))
        world.write_mapping()
        world.deliver(("1,300000,1500,2021-05-01", "2,500,1500,2021-05-01"))
        for verb, what in sequence:
            if verb == "deliver":
                world.deliver(tuple(what))
            elif verb == "deliver again":
                world.deliver(world.contents[what % len(world.contents)])
            elif verb == "mapping":
                world.form = what
                world.write_mapping()
            else:
                world.decide(verb, what)
            world.check()
