"""`make torture`: the long proofs in full; writes docs/torture.md."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "torture.md"


def main(words: list[str]) -> int:
    """Runs every test marked torture at full length; extra words go to pytest."""
    junit = ROOT / "junit-torture.xml"
    started = time.monotonic()
    done = subprocess.run(
        [
            *[sys.executable, "-m", "pytest", "-m", "torture", "-n", "2", "--dist", "load"],
            *[f"--junitxml={junit}", *words],
        ],
        cwd=ROOT,
        env={**os.environ, "REALTY_TORTURE": "full"},
        check=False,
    )
    if not words and junit.exists():
        PAGE.write_text(page(junit, time.monotonic() - started), encoding="utf-8")
    junit.unlink(missing_ok=True)
    return done.returncode


def page(junit: Path, wall_s: float) -> str:
    """The last full result as a page: one row per test, its cases counted."""
    counts: dict[str, list[int]] = {}
    for case in ET.parse(junit).getroot().iter("testcase"):
        name = case.attrib["name"].split("[")[0].replace("test_", "", 1).replace("_", " ")
        bad = case.find("failure") is not None or case.find("error") is not None
        skipped = case.find("skipped") is not None
        row = counts.setdefault(name, [0, 0, 0])
        row[0 if not (bad or skipped) else 1 if bad else 2] += 1
    lines = [f"| {name} | {ok} | {bad} | {off} |" for name, (ok, bad, off) in counts.items()]
    return "\n".join(
        [
            "# The long proofs",
            "",
            "Made by `make torture`; every test run has a small sample of the same tests.",
            "",
            "| proof | passed | failed | skipped |",
            "| --- | ---: | ---: | ---: |",
            *lines,
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {wall_s / 60:.0f} minutes.",
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
