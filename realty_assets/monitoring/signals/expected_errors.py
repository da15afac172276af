"""How far off the values of a month are expected to be, before its sales close.

The model says with every value how wide its errors are there (the half width of the central 68%);
sales that were known before the month say how errors lie in these widths. Both together give each
value's error, and so the month's MdAPE and MAE (direct loss estimation, as NannyML calls it). It
sees homes that are harder to value; it is blind to prices that have left the model behind, because
widths and earlier scores know nothing of them. That is why the realised figure stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES
from realty_assets.evaluation.metrics import point_accuracy, point_intervals
from realty_assets.evaluation.resampling import percentile_interval
from realty_assets.evaluation.splits import next_month
from realty_assets.monitoring.measures import SCHEMA as DRIFT_SCHEMA
from realty_assets.monitoring.populations import ASKED, SALES, Reference
from realty_assets.monitoring.signals.common import EXPECTED

Array = npt.NDArray[np.float64]
TABLE = "monitoring.expected_errors"
EXPECTED_ERROR = "expected_error"
METRICS = ("mdape", "mae_usd")
# Earlier sales that it takes; homes and scores that are put together at most.
MIN_EARLIER, MOST_HOMES, MOST_SCORES = 100, 2000, 500
N_DRAWS = 200
SCHEMA: dict[str, Any] = {
    "track": pl.String,
    "population": pl.String,
    "month": pl.Date,
    "metric": pl.String,
    "n": pl.Int64,
    "n_earlier": pl.Int64,
    "expected": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "realised": pl.Float64,
    "realised_low": pl.Float64,
    "realised_high": pl.Float64,
}


def expected_errors(
    scored: pl.DataFrame, asked: pl.DataFrame, track: str, today: date, seed: int
) -> pl.DataFrame:
    """One row (SCHEMA) per population, month and metric of one track.

    `scored` of sql/monitoring/scored.sql, `asked` of valued_sizes.sql. Months of sales have their
    realised figures, with 95% bootstrap intervals; homes asked about have none. A month with fewer
    than 30 values, or MIN_EARLIER sales known before it, has no row. `low` to `high` is where the
    figure of so many sales lies in 95 of 100 cases, if errors lie as they did.
    """
    rows: list[dict[str, Any]] = []
    for population, name, values in ((SALES, "cutoff", scored), (ASKED, "month", asked)):
        for (month,), own in values.sort(name).group_by(name, maintain_order=True):
            assert isinstance(month, date)
            earlier = scored.filter(pl.col("ready_on") < min(month, today))
            if len(own) < MIN_SALES or len(earlier) < MIN_EARLIER:
                continue
            said = {"track": track, "population": population, "month": month}
            realised = _realised(own, seed) if population == SALES else {}
            for metric, figures in _expected(own, earlier, seed).items():
                rows.append(
                    {
                        **dict.fromkeys(SCHEMA),
                        **said,
                        "metric": metric,
                        "n": len(own),
                        "n_earlier": len(earlier),
                        **dict(zip(("expected", "low", "high"), figures, strict=True)),
                        **realised.get(metric, {}),
                    }
                )
    return pl.DataFrame(rows, schema=SCHEMA)


def expected_drift(rows: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """One row (measures.SCHEMA and `drivers`) per population and month of one track: EXPECTED by
    EXPECTED_ERROR, ln(expected MdAPE / the median of the reference's months), 0 where it is less.

    Months over before the reference's end are the reference's. Without one there are no rows.
    """
    schema = DRIFT_SCHEMA | {"drivers": pl.String}
    until = reference.until
    own = rows.filter(pl.col("metric") == "mdape").sort("population", "month")
    first = [until is not None and next_month(month) <= until for month in own["month"]]
    of_sales = pl.col("population") == SALES
    marked = own.with_columns(pl.Series("in_reference", first, dtype=pl.Boolean)).filter(
        of_sales | ~pl.col("in_reference")
    )
    usual = marked.filter(of_sales & pl.col("in_reference"))
    if usual.is_empty():
        return pl.DataFrame(schema=schema)
    middle = float(np.median(usual["expected"].to_numpy()))
    told = marked.with_columns(
        value=(pl.col("expected") / middle).log().clip(0.0),
        feature=pl.lit(EXPECTED),
        method=pl.lit(EXPECTED_ERROR),
        n_reference=pl.lit(int(usual["n"].sum()), pl.Int64),
    )
    absent = [
        pl.lit(None).cast(kind).alias(k) for k, kind in schema.items() if k not in told.columns
    ]
    return told.with_columns(absent).select(pl.col(k).cast(kind) for k, kind in schema.items())


def _expected(
    own: pl.DataFrame, earlier: pl.DataFrame, seed: int
) -> dict[str, tuple[float, float, float]]:
    """(expected, low, high) by metric."""
    chosen = own.sort("half_log", "prediction")
    if len(chosen) > MOST_HOMES:  # evenly over the widths
        at = np.linspace(0, len(chosen) - 1, MOST_HOMES).astype(np.int64)
        chosen = chosen[at]
    value, width = chosen["prediction"].to_numpy(), chosen["half_log"].to_numpy()
    score = np.sort(earlier["score"].to_numpy())
    if len(score) > MOST_SCORES:
        score = np.quantile(score, (np.arange(MOST_SCORES) + 0.5) / MOST_SCORES)
    ratio = np.exp(width[:, None] * score[None, :])  # price over value
    whole = _figures(value[:, None], ratio)
    months = [part["score"].to_numpy() for part in _by_month(earlier)]
    random = np.random.default_rng(seed)
    draws = [_drawn(value, width, months, random) for _ in range(N_DRAWS)]
    told = {}
    for metric, one, drawn in zip(METRICS, whole, np.array(draws).T, strict=True):
        low, high = percentile_interval(drawn, 0.95)
        told[metric] = (one, min(low, one), max(high, one))
    return told


def _drawn(
    value: Array, width: Array, months: Sequence[Array], random: np.random.Generator
) -> tuple[float, float]:
    """The figures of one month as it might come: earlier months are drawn with their sales, for
    months have a level of their own, then a score for each home."""
    pool = np.concatenate([months[at] for at in random.integers(0, len(months), len(months))])
    return _figures(value, np.exp(width * random.choice(pool, len(width))))


def _figures(value: Array, ratio: Array) -> tuple[float, float]:
    """(MdAPE, MAE) where prices are `ratio` times the values."""
    errors = np.abs(1.0 / ratio - 1.0)
    return float(np.median(errors)), float(np.mean(value * np.abs(ratio - 1.0)))


def _by_month(earlier: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for _, part in earlier.sort("cutoff", "score").group_by("cutoff", maintain_order=True):
        yield part


def _realised(own: pl.DataFrame, seed: int) -> dict[str, dict[str, float]]:
    ordered = own.sort("listing_key", "close_date", "close_price")
    p, s = ordered["prediction"].to_numpy(), ordered["close_price"].to_numpy()
    seen = point_accuracy(p, s).as_dict()
    bounds = point_intervals(p, s, seed=seed, n_draws=300)
    return {
        metric: {
            "realised": seen[metric],
            "realised_low": bounds[metric][0],
            "realised_high": bounds[metric][1],
        }
        for metric in METRICS
    }
