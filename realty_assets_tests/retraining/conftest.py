"""The home of a champion and a later candidate, that the tests of promotion made."""

from __future__ import annotations

from realty_assets_tests.promotion.conftest import rivals, warehouse

__all__ = ["rivals", "warehouse"]
