"""Which ratio statistics are acceptable for homes, and what a very low spread hints at.

IAAO, Standard on Ratio Studies (2013), for level, COD, PRD and PRB; Quintos (2020) for the MKI. The
VEI has no range here: its sign is what it says.
"""

from __future__ import annotations

ACCEPTABLE: dict[str, tuple[float, float]] = {
    "median_ratio": (0.90, 1.10),
    "cod": (5.0, 15.0),
    "prd": (0.98, 1.03),
    "prb": (-0.05, 0.05),
    "mki": (0.95, 1.05),
}
SALES_CHASING = (
    "COD under 5: values this close to prices hint at sales chasing (values set after the sale)"
)


def within(name: str, value: float | None) -> bool | None:
    """Whether a statistic is acceptable; None without a value, or without a range for it."""
    if value is None or name not in ACCEPTABLE:
        return None
    low, high = ACCEPTABLE[name]
    return low <= value <= high


def hint(cod: float | None) -> str:
    """What a COD hints at, or nothing."""
    return SALES_CHASING if cod is not None and cod < ACCEPTABLE["cod"][0] else ""
