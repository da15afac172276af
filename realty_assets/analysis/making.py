"""The tables of the analysis, from the tables of the rooms before it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.analysis.ablations import SCHEMA as ABLATION_SCHEMA
from realty_assets.analysis.ablations import ablations, folds_before
from realty_assets.analysis.attributions import (
    SUMMED,
    VALUED,
    attribution_rows,
    explained_homes,
    wrong_homes,
)
from realty_assets.analysis.contributions import explain, log_values, newest_model
from realty_assets.analysis.effects import STANDS_FOR, effect_tables, interaction_rows, spaced
from realty_assets.analysis.errors import KINDS, judged, segment_errors, worst_misses
from realty_assets.analysis.importance import global_importance, top_features
from realty_assets.analysis.settings import AnalysisSettings
from realty_assets.analysis.signs import EXPECTED, sign_rows
from realty_assets.analysis.stability import churn_tables
from realty_assets.analysis.takeaways import PAGE, page
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.modeling.model import Valuer, load_valuer
from realty_assets.modeling.walk_forward import Market
from realty_assets.pages import write_page
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

ATTRIBUTIONS, IMPORTANCE = "analysis.attributions", "analysis.global_importance"
EFFECTS, CURVES = "analysis.effects", "analysis.individual_curves"
INTERACTIONS, SIGNS = "analysis.interactions", "analysis.signs"
ABLATIONS = "analysis.ablations"
ERRORS, WORST = "analysis.errors", "analysis.worst_misses"
CHURN, STABILITY = "analysis.churn", "analysis.stability"
TAKEAWAYS = "analysis.takeaways"
# What the takeaways are read from.
CITED = [
    *[ATTRIBUTIONS, IMPORTANCE, EFFECTS, CURVES, INTERACTIONS, SIGNS, ABLATIONS, ERRORS, WORST],
    *[STABILITY, "modeling.models"],
]

Array = npt.NDArray[np.float64]
Tables = dict[str, pl.DataFrame]


def explained_model(warehouse: Warehouse) -> Valuer:
    """The newest model of modeling.models. Raises NoModel, ModelBroken."""
    row = newest_model(warehouse.read("modeling.models"))
    return load_valuer(warehouse.home / row["artifact"])


def families_of(warehouse: Warehouse) -> dict[str, str]:
    """{feature: family} as features.registry has it."""
    return dict(warehouse.read("features.registry", columns=["name", "family"]).iter_rows())


def attribution_tables(
    warehouse: Warehouse, how: AnalysisSettings, seed: int, n_threads: int
) -> Tables:
    """Every home's parts, and what they say of features as a whole."""
    valuer, families = explained_model(warehouse), families_of(warehouse)
    homes = explained_homes(warehouse.read(sql("analysis/explained.sql")), how.most_homes)
    parts = explain(valuer, homes, n_threads)
    return {
        ATTRIBUTIONS: attribution_rows(homes, parts, families, valuer.model_version, how.top_k),
        IMPORTANCE: global_importance(parts, families, seed=seed, n_draws=how.n_draws),
    }


def wrong_attributions(warehouse: Warehouse, how: AnalysisSettings) -> pl.DataFrame:
    """Homes whose parts are not what Valuer.predict says today: none, if all is well."""
    valuer = explained_model(warehouse)
    homes = explained_homes(warehouse.read(sql("analysis/explained.sql")), how.most_homes)
    value = valuer.predict(homes)["value"].to_numpy() if len(homes) else np.zeros(0)
    return wrong_homes(warehouse.read(ATTRIBUTIONS, columns=SUMMED), homes, value)


def effect_frames(
    warehouse: Warehouse, how: AnalysisSettings, seed: int, n_threads: int = 1
) -> Tables:
    """Curves, interactions and signs, over the newest valid sales that had a market."""
    valuer, importance = explained_model(warehouse), warehouse.read(IMPORTANCE)
    seen = {*valuer.point.names, "comps_log_value"}
    top = [name for name in top_features(importance, STANDS_FOR, how.n_effects) if name in seen]
    wanted = [*top, *(e.feature for e in EXPECTED if e.feature in seen and e.feature not in top)]
    rows = warehouse.read(sql("analysis/newest_sales.sql").bind(most=how.effect_rows))

    def predict(frame: pl.DataFrame) -> Array:
        return log_values(valuer, frame, n_threads)

    effects, curves = effect_tables(
        predict,
        rows,
        wanted,
        n_bins=how.effect_bins,
        pdp_rows=how.pdp_rows,
        ice_curves=how.ice_curves,
        seed=seed,
        n_draws=how.n_draws,
    )
    few = rows[spaced(len(rows), how.interaction_rows)]
    return {
        EFFECTS: effects,
        CURVES: curves,
        INTERACTIONS: interaction_rows(predict, few, top[: how.interaction_features]),
        SIGNS: sign_rows(effects),
    }


def ablation_table(
    market: Market,
    predictions: pl.DataFrame,
    walked: pl.DataFrame,
    families: Mapping[str, str],
    how: AnalysisSettings,
) -> pl.DataFrame:
    """analysis.ablations on the months before the headline's window; empty without such a month."""
    headline = predictions.filter("is_headline")
    if headline.is_empty() or walked.is_empty():
        return pl.DataFrame(schema=ABLATION_SCHEMA)
    first = min(headline["cutoff"].to_list())
    return ablations(
        market,
        folds_before(first, walked["cutoff"].to_list(), how.ablation_months),
        families,
        rounds=how.ablation_rounds,
        n_members=how.ablation_members,
        n_draws=how.n_draws,
    )


def error_tables(warehouse: Warehouse, how: AnalysisSettings, seed: int) -> Tables:
    """Errors of the headline backtest by segment, and its worst misses."""
    sales = warehouse.read("clean.sales", columns=["listing_key", *KINDS])
    rows = judged(*judged_tables(warehouse), sales)
    return {
        ERRORS: segment_errors(rows, seed=seed, n_draws=how.segment_draws),
        WORST: worst_misses(rows, how.worst),
    }


def judged_tables(warehouse: Warehouse) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(modeling.predictions, modeling.walk_forward) of the track that is analysed."""
    statements = ("analysis/predictions.sql", "modeling/walked.sql")
    predictions, walked = (warehouse.read(sql(n).bind(track=OFF_MARKET)) for n in statements)
    return predictions, walked


def stability_tables(warehouse: Warehouse, market: Market, how: AnalysisSettings) -> Tables:
    """Churn of the homes valued today."""
    today = market.matrix.filter(pl.col("role").is_in(VALUED))
    homes = explained_homes(today, how.churn_homes)
    churn, summary = churn_tables(
        market,
        explained_model(warehouse),
        homes,
        n_seeds=how.churn_seeds,
        n_resamples=how.churn_resamples,
        n_draws=how.n_draws,
    )
    return {CHURN: churn, STABILITY: summary}


def takeaways_table(warehouse: Warehouse) -> pl.DataFrame:
    """Writes the page and gives analysis.takeaways. Raises PageNotWritten."""
    tables = {table: warehouse.read(table) for table in CITED}
    version = newest_model(tables["modeling.models"])["model_version"]
    return write_page(warehouse.home, PAGE, page(tables, version), "realty run analysis")
