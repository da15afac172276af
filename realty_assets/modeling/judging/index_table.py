"""The market's level on a day, read from features.market_index as one of its vintages knew it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]
MIDDLE_DAYS = 14


class IndexTable:
    """Vintages of the index by the day (since 1970) from which each was known."""

    def __init__(self, frame: pl.DataFrame) -> None:
        """`frame` holds vintage, month (dates) and index_log: the columns of features.market_index.

        It may be empty: the level is then 0 on every day.
        """
        ordered = frame.select("vintage", "month", "index_log").sort("vintage", "month")
        self._vintages: dict[int, tuple[Days, Array]] = {}
        for (vintage,), rows in ordered.group_by("vintage", maintain_order=True):
            assert vintage is not None
            day = int(np.datetime64(str(vintage), "D").astype(np.int64))
            months = rows["month"].cast(pl.Date).cast(pl.Int32).cast(pl.Int64).to_numpy()
            self._vintages[day] = months + MIDDLE_DAYS, rows["index_log"].to_numpy().copy()

    def vintage_on(self, day: int) -> int | None:
        """Day of the newest vintage made from what was known before 00:00 UTC of `day`."""
        usable = [known for known in self._vintages if known <= day]
        return max(usable) if usable else None

    def level(self, known_on: int, days: Days) -> Array:
        """Log level (n,) on `days` as known on `known_on`: linear between the middles of months,
        level beyond them. Zero where no vintage was known yet."""
        vintage = self.vintage_on(known_on)
        if vintage is None:
            return np.zeros(len(days))
        at, level = self._vintages[vintage]
        return np.interp(days.astype(np.float64), at.astype(np.float64), level)
