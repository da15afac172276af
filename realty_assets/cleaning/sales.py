"""One row per real sale, with the rules that speak against learning from it."""

from __future__ import annotations

import polars as pl

from realty_assets.cleaning.evidence import names_several_parcels
from realty_assets.cleaning.peers import with_peers
from realty_assets.cleaning.rules import (
    ANALYST,
    NOTES,
    RULE_SENTENCES,
    RULE_VERSION,
    SALE_RULES,
    SaleRules,
)

_PLACE_IN_FILE = ("file_hash", "record_number", "line_number", "row_hash", "valid_from", "valid_to")
_HELPERS = ("is_home", "log_price_per_sqft", "n_same_deed")


def judge(
    closings: pl.DataFrame,
    told: pl.DataFrame,
    decisions: pl.DataFrame,
    rules: SaleRules = SALE_RULES,
) -> pl.DataFrame:
    """clean.sales: the closings that stand for a sale (sql/clean/closings.sql), judged.

    `told` is clean.sale_listings, `decisions` the last decision under each listing key (source,
    listing_key, decision_number, verb, decided_by, reason). New columns: other_listing_keys and
    n_listings (copies of the sale), rule_ids (every rule that speaks of it), excluded_by (the one
    that keeps it from training).
    """
    sale = {"sale_source": "source", "sale_listing_key": "listing_key"}
    copies = (
        told.sort("known_at", "source", "listing_key")
        .group_by("sale_source", "sale_listing_key", maintain_order=True)
        .agg(
            n_listings=pl.len().cast(pl.Int64),
            other_listing_keys=pl.col("listing_key").filter(pl.col("evidence") != "first"),
        )
        .rename(sale)
    )
    standing = closings.join(copies, on=["source", "listing_key"], how="inner")
    several = [names_several_parcels(text) for text in standing["parcel_number"].to_list()]
    invalid = pl.col("flags").list.eval(pl.element().is_in(list(rules.invalid_sale_flags)))
    standing = standing.with_columns(
        pl.Series("_several", several, dtype=pl.Boolean),
        is_home=~invalid.list.any().fill_null(False)
        & (pl.col("close_price") >= rules.token_price_usd),
        _not_a_home=invalid.list.any().fill_null(False),
    )
    found = with_peers(standing, rules)
    fired = found.select(
        pl.when(condition.fill_null(False)).then(pl.lit(rule)).alias(rule)
        for rule, condition in _conditions(rules).items()
    )
    names = fired.columns
    judged = found.with_columns(
        fired.select(pl.concat_list(names).list.drop_nulls().alias("rule_ids"))["rule_ids"],
        fired.select(pl.coalesce([name for name in names if name not in NOTES]))
        .to_series()
        .alias("ruled_out_by"),
    ).join(
        _decided(told, decisions),
        on=["source", "listing_key"],
        how="left",
        maintain_order="left",
    )
    return judged.drop(*_PLACE_IN_FILE, *_HELPERS, "_several", "_not_a_home").with_columns(
        excluded_by=pl.when(pl.col("decision") == "include")
        .then(None)
        .when(pl.col("decision") == "exclude")
        .then(pl.lit(ANALYST))
        .otherwise("ruled_out_by")
    )


def _decided(told: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """The last decision on each sale, made under the key of any listing that tells of it: which of
    them stands for the sale may change when older files come in."""
    return (
        decisions.join(
            told.select("source", "listing_key", "sale_source", "sale_listing_key"),
            on=["source", "listing_key"],
            how="inner",
        )
        .sort("decision_number")
        .group_by("sale_source", "sale_listing_key", maintain_order=True)
        .last()
        .select(
            source="sale_source",
            listing_key="sale_listing_key",
            decision="verb",
            decided_by="decided_by",
            decision_reason="reason",
        )
    )


def _conditions(rules: SaleRules) -> dict[str, pl.Expr]:
    """When each rule speaks of a sale, in the order in which they name it."""
    price, asked = pl.col("close_price"), pl.col("list_price")
    gap = pl.col("log_price_per_sqft") - pl.col("area_log_price_per_sqft")
    enough = pl.col("n_area_sales") >= rules.min_area_sales
    slip = (price / pl.when(asked > 0).then(asked)).log10()
    days = (pl.col("close_date") - pl.col("previous_close_date")).dt.total_days()
    own = (price / pl.col("previous_close_price")).log()
    quick = (pl.col("days_on_market") <= rules.unexposed_days) & (
        gap < -rules.unexposed_low_log_ratio
    )
    at_once = (pl.col("days_on_market") <= rules.at_once_days) & (
        gap < -rules.at_once_low_log_ratio
    )
    return {
        "sale.not_a_home": pl.col("_not_a_home"),
        "sale.token_price": price < rules.token_price_usd,
        "sale.multi_parcel": pl.col("_several"),
        "sale.price_typo": (slip.round() != 0)
        & ((slip - slip.round()).abs() < rules.typo_tolerance),
        "sale.bulk_transfer": pl.col("n_same_deed") >= rules.bulk_min_homes,
        "sale.far_below_area": enough & (gap < -rules.low_log_ratio),
        "sale.far_above_area": enough & (gap > rules.high_log_ratio),
        # A first price that was itself too high must not speak against the second.
        "sale.far_below_own_sale": (own < -rules.own_low_log_ratio)
        & (gap.is_null() | (gap < -rules.unexposed_low_log_ratio))
        & days.is_between(0, round(365.25 * rules.own_sale_years)),
        "sale.not_exposed": (pl.col("n_area_sales") >= rules.min_similar_sales)
        & (price == asked)
        & (quick | at_once),
        "sale.flip": (own >= rules.flip_log_ratio) & days.is_between(0, rules.flip_days),
    }


def exclusions(sales: pl.DataFrame) -> pl.DataFrame:
    """clean.exclusions: the sales that no model learns from, each with its rule and the reason."""
    sentence = pl.col("excluded_by").replace_strict(RULE_SENTENCES, default=None)
    return sales.filter(pl.col("excluded_by").is_not_null()).select(
        *("listing_key", "property_key", "source", "close_date", "close_price"),
        rule_id="excluded_by",
        rule_version=pl.lit(RULE_VERSION),
        reason=pl.when(pl.col("excluded_by") == ANALYST)
        .then("decision_reason")
        .otherwise(sentence),
        decided_by=pl.when(pl.col("excluded_by") == ANALYST)
        .then("decided_by")
        .otherwise(pl.lit("rule")),
        rule_ids="rule_ids",
        area_log_price_per_sqft="area_log_price_per_sqft",
        n_area_sales="n_area_sales",
        flags="flags",
    )


def rule_counts(excluded: pl.DataFrame) -> dict[str, int]:
    """How many sales each rule keeps from training."""
    return dict(excluded.group_by("rule_id").len().sort("rule_id").iter_rows())
