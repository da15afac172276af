"""serving.valuations: one row per home that wants a value, with its interval or a reason."""

from __future__ import annotations

from datetime import date

import polars as pl

from realty_assets.modeling.model import Valuer

NO_LIVING_AREA = "no living area on record"
NOT_IN_MATRIX = "no features could be made for it"
NO_MARKET = "no known sales to compare it with"
KEYS = ["role", "property_key", "listing_key"]
COLUMNS = [
    *["property_key", "listing_key", "source", "track", "as_of", "value", "lower_90", "upper_90"],
    *["model_version", "reason", "list_price", "unparsed_address", "city", "postal_code"],
    *["latitude", "longitude", "living_area", "bedrooms_total", "bathrooms_total", "year_built"],
]


def value_homes(
    valuer: Valuer, subjects: pl.DataFrame, matrix: pl.DataFrame, today: date
) -> pl.DataFrame:
    """The table: every subject once, valued or with the reason why not.

    `subjects` is sql/serving/subjects.sql; `matrix` the feature matrix, of which the rows of role
    active (by listing) and property (by home) are read. Values in US dollars.
    """
    features = _features_of(subjects, matrix)
    reasoned = subjects.join(
        features.select(*KEYS, pl.col("hedonic_log_value").alias("_market"), _there=pl.lit(1)),
        on=KEYS,
        how="left",
    ).with_columns(
        reason=pl.when(pl.col("living_area").is_null())
        .then(pl.lit(NO_LIVING_AREA))
        .when(pl.col("_there").is_null())
        .then(pl.lit(NOT_IN_MATRIX))
        .when(pl.col("_market").is_null())
        .then(pl.lit(NO_MARKET))
    )
    asked = features.join(reasoned.filter(pl.col("reason").is_null()), on=KEYS, how="semi")
    asked = asked.sort(KEYS)
    valued = asked.select(KEYS).hstack(valuer.predict(asked))
    return (
        reasoned.join(valued, on=KEYS, how="left")
        .with_columns(
            track=pl.lit(valuer.track),
            as_of=pl.lit(today),
            model_version=pl.lit(valuer.model_version),
        )
        .select(COLUMNS)
        .sort("source", "property_key", "listing_key")
    )


def _features_of(subjects: pl.DataFrame, matrix: pl.DataFrame) -> pl.DataFrame:
    """Matrix rows under the keys of the subjects; a home's own row goes by its latest listing."""
    named = subjects.filter(pl.col("role") == "property").select("property_key", "listing_key")
    homes = (
        matrix.filter(pl.col("role") == "property")
        .drop("listing_key")
        .join(named, on="property_key")
    )
    rows = pl.concat([matrix.filter(pl.col("role") == "active"), homes], how="diagonal_relaxed")
    return rows.unique(KEYS, keep="first", maintain_order=True)
