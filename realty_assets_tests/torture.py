"""`make torture`: the long proofs in full; writes docs/torture.md.

`python -m realty_assets_tests.torture PATH...` renews the rows of the proofs that it runs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "torture.md"
HEAD = "| proof | passed | failed | skipped | minutes | measured | figures |"


@dataclass
class Proof:
    """One proof over all its cases: how they ended, what they took, what they recorded."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    figures: dict[str, list[float]] = field(default_factory=dict)

    def add(self, case: ET.Element) -> None:
        bad = case.find("failure") is not None or case.find("error") is not None
        skipped = case.find("skipped") is not None
        self.failed += bad
        self.skipped += skipped and not bad
        self.passed += not (bad or skipped)
        self.seconds += float(case.attrib["time"])
        for told in case.iter("property"):
            self.figures.setdefault(told.attrib["name"], []).append(float(told.attrib["value"]))

    def row(self, name: str, day: str) -> str:
        figures = "; ".join(
            f"{what}: {min(values):.3f} to {max(values):.3f}, mean {sum(values) / len(values):.3f}"
            for what, values in sorted(self.figures.items())
        )
        counts = f"{self.passed} | {self.failed} | {self.skipped}"
        return f"| {name} | {counts} | {self.seconds / 60:.1f} | {day} | {figures} |"


def main(words: list[str]) -> int:
    """Runs every test marked torture at full length; extra words go to pytest."""
    with tempfile.TemporaryDirectory() as folder:
        junit = Path(folder) / "junit.xml"
        done = subprocess.run(
            [
                *[sys.executable, "-m", "pytest", "-m", "torture", "-n", "2", "--dist", "load"],
                *[f"--junitxml={junit}", *words],
            ],
            cwd=ROOT,
            env={**os.environ, "REALTY_TORTURE": "full"},
            check=False,
        )
        if junit.exists():
            rows = proofs(junit, f"{datetime.now(UTC):%Y-%m-%d}")
            PAGE.write_text(page({**(standing() if words else {}), **rows}), encoding="utf-8")
    return done.returncode


def proofs(junit: Path, day: str) -> dict[str, str]:
    """The rows of one run by the name of the proof, the cases of each counted together."""
    found: dict[str, Proof] = {}
    for case in ET.parse(junit).getroot().iter("testcase"):
        name = case.attrib["name"].split("[")[0].replace("test_", "", 1).replace("_", " ")
        found.setdefault(name, Proof()).add(case)
    return {name: proof.row(name, day) for name, proof in found.items()}


def standing() -> dict[str, str]:
    """The rows that the page has, by proof. Raises SystemExit when it is of another form."""
    text = PAGE.read_text(encoding="utf-8")
    if HEAD not in text:
        raise SystemExit(f"{PAGE.name} is of another form: `make torture` makes it anew.")
    lines = [line for line in text.split(HEAD)[1].splitlines() if re.match(r"\| [a-z]", line)]
    return {line.split("|")[1].strip(): line for line in lines}


def page(rows: dict[str, str]) -> str:
    """The whole page: one row per proof, in the order of their names."""
    return "\n".join(
        [
            "# The long proofs",
            "",
            "Made by `make torture`; `python -m realty_assets_tests.torture PATH...` renews some",
            "rows. Every test run has a small sample of the same tests. Minutes are of one worker;",
            "figures are the lowest, the highest and the mean of a proof's cases.",
            "",
            HEAD,
            "| --- | ---: | ---: | ---: | ---: | --- | --- |",
            *[rows[name] for name in sorted(rows)],
            "",
            f"{os.cpu_count()} cores.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
