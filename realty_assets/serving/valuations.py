"""serving.valuations: one row per home that wants a value, with its interval or a reason."""

from __future__ import annotations

from datetime import date

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.features.tracks import ON_MARKET
from realty_assets.ingestion.rules import NOT_HOMES
from realty_assets.modeling.conformal import ERROR_INPUTS
from realty_assets.modeling.model import PREDICTED, Valuer

NO_LIVING_AREA = "no living area on record"
NOT_IN_MATRIX = "no features could be made for it"
NO_MARKET = "no known sales to compare it with"
# The model learns the price of one home that changes hands.
NOT_A_HOME = {
    "Land": "out of scope: land, not a home",
    "Residential Lease": "out of scope: offered for lease, not for sale",
    "Residential Income": "out of scope: a building of several homes",
    "Commercial Sale": "out of scope: commercial, not a home",
    "Commercial Lease": "out of scope: commercial, not a home",
    "Business Opportunity": "out of scope: commercial, not a home",
}
TAKEN_DOWN = "no model speaks for this track: its champion was taken down"
NO_LIST_PRICE = "no list price on record"
VALUES = ["value", "lower_90", "upper_90"]
FIGURES = list(PREDICTED)
ABSTAINS = "abstains"  # why a model had better not speak of a row
KEYS = ["role", "property_key", "listing_key"]
COLUMNS = [
    *["property_key", "listing_key", "source", "track", "as_of", *FIGURES],
    *["model_version", "reason", "list_price", "unparsed_address", "city", "postal_code"],
    *["latitude", "longitude", "living_area", "bedrooms_total", "bathrooms_total", "year_built"],
]


class StaleFeatures(RealtyError):
    """The features that stand are of another day, or of another version than the model."""


def value_homes(
    valuer: Valuer, subjects: pl.DataFrame, matrix: pl.DataFrame, today: date
) -> pl.DataFrame:
    """The table: every subject once, valued or with the reason why not.

    `subjects` is sql/serving/subjects.sql; `matrix` the feature matrix, of which the rows of role
    active (by listing) and property (by home) are read. Values in US dollars. Raises StaleFeatures
    when those rows are not of `today`, or not what the model learned from.
    """
    features = _features_of(subjects, matrix)
    days = set(features["as_of"].to_list())
    if days - {today}:
        raise StaleFeatures(
            f"The features are of {max(days - {today})}, today is {today}: make them anew with "
            "`realty run features`."
        )
    reasoned = subjects.join(
        features.select(*KEYS, pl.col("hedonic_log_value").alias("_market"), _there=pl.lit(1)),
        on=KEYS,
        how="left",
    ).with_columns(reason=why_no_value(valuer.track))
    asked = features.join(reasoned.filter(pl.col("reason").is_null()), on=KEYS, how="semi")
    asked = asked.sort(KEYS)
    valued = asked.select(KEYS).hstack(predict_all(valuer, asked))
    return (
        reasoned.join(valued, on=KEYS, how="left")
        .with_columns(
            reason=pl.coalesce("reason", ABSTAINS),
            track=pl.lit(valuer.track),
            as_of=pl.lit(today),
            model_version=pl.lit(valuer.model_version),
        )
        .select(COLUMNS)
        .sort("source", "property_key", "listing_key")
    )


def unspoken(
    subjects: pl.DataFrame, track: str, today: date, model_version: str, reason: str
) -> pl.DataFrame:
    """The table where no model speaks any more: every subject once, without a value.

    `model_version` is the model that was taken down, `reason` what each row says.
    """
    figures = [pl.lit(None, dtype=pl.Float64).alias(name) for name in FIGURES]
    return (
        subjects.with_columns(*figures, pl.lit(reason).alias("reason"))
        .with_columns(track=pl.lit(track), as_of=pl.lit(today), model_version=pl.lit(model_version))
        .select(COLUMNS)
        .sort("source", "property_key", "listing_key")
    )


def predict_all(valuer: Valuer, rows: pl.DataFrame) -> pl.DataFrame:
    """FIGURES of matrix rows, in their order, and ABSTAINS: why a row has none (null: it has).

    Raises StaleFeatures when the matrix was not made by the features that the model learned.
    """
    missing = sorted({*valuer.point.names, *ERROR_INPUTS} - set(rows.columns))
    if missing:
        raise StaleFeatures(
            f"Model {valuer.model_version} needs {len(missing)} features that features.matrix does "
            f"not have ({', '.join(missing[:3])}): the one was made by another version than the "
            "other; `realty run all` makes both anew."
        )
    if rows.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(FIGURES, pl.Float64) | {ABSTAINS: pl.String})
    figures = valuer.predict(rows).select(FIGURES)
    why = pl.Series(ABSTAINS, valuer.abstains(rows, figures), dtype=pl.String)
    told = figures.with_columns(why)
    return told.with_columns(
        pl.when(pl.col(ABSTAINS).is_null()).then(pl.col(name)).alias(name) for name in FIGURES
    )


def why_no_value(track: str) -> pl.Expr:
    """Why a home gets no value; null for one that gets its value. The first that holds.

    Of property_type, living_area, _there (it has a matrix row) and _market (its hedonic value); on
    the on_market track also of list_price.
    """
    priced = (pl.col("list_price") > 0).fill_null(False) if track == ON_MARKET else pl.lit(True)
    kind = pl.col("property_type")
    return (
        pl.when(kind.is_in(NOT_HOMES))
        .then(kind.replace_strict(NOT_A_HOME, default=None))
        .when(pl.col("living_area").is_null() | (pl.col("living_area") <= 0))
        .then(pl.lit(NO_LIVING_AREA))
        .when(~priced)
        .then(pl.lit(NO_LIST_PRICE))
        .when(pl.col("_there").is_null())
        .then(pl.lit(NOT_IN_MATRIX))
        .when(pl.col("_market").is_null())
        .then(pl.lit(NO_MARKET))
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
