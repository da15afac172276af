"""The takeaways: one page whose every figure is read from a table when it is made.

It holds no clock, no run and no path, and needs no network. Pure of the warehouse: tables go in,
text comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from markupsafe import Markup

from realty_assets.analysis.citing import Facts, change, width
from realty_assets.analysis.effects import spaced
from realty_assets.analysis.figures import Bar, Curve, effect_panels, swarm, whiskers
from realty_assets.drawing import percent
from realty_assets.pages import environment

PAGE = Path("reports") / "analysis" / "takeaways.html"
TEMPLATES = Path(__file__).parent / "templates"
N_BARS, N_SWARM, N_PANELS, N_WORST, N_PAIRS = 15, 8, 9, 10, 8
# Homes in a lane of the swarm: more would only be heavier, not darker.
MOST_DOTS = 600
SHOWN_CUTS = ("all", "predicted price", "age in years", "type", "new build", "thin market", "month")


def page(tables: Mapping[str, pl.DataFrame], model_version: str) -> str:
    """The HTML page of the model `model_version`, from `tables` (making.CITED)."""
    facts = Facts(tables)
    template = environment(TEMPLATES).get_template("takeaways.html.j2")
    return template.render(
        cite=facts.cite, span=facts.span, model_version=model_version, **_chosen(facts)
    )


def _chosen(facts: Facts) -> dict[str, Any]:
    """Which rows the page tells of: names and keys only, the figures are cited."""
    importance = facts.rows("analysis.global_importance")
    features = importance.filter(pl.col("level") == "feature").sort("rank")
    families = importance.filter(pl.col("level") == "family").sort("rank")
    errors = facts.rows("analysis.errors")
    judged = errors.filter(pl.col("mdape").is_not_null())
    cut = judged.filter(~pl.col("segmentation").is_in(["all", "validity"])).sort(
        "mdape", "segmentation", "segment"
    )
    ablations = facts.rows("analysis.ablations").filter(pl.col("difference").is_not_null())
    tried = ablations.filter(pl.col("kind") != "whole").sort(
        "difference", "without", descending=[True, False]
    )
    signs = facts.rows("analysis.signs")
    return {
        "features": features["name"].to_list(),
        "families": families["name"].to_list(),
        "judged": not judged.is_empty(),
        "hardest": cut.row(-1, named=True) if len(cut) else None,
        "easiest": cut.row(0, named=True) if len(cut) else None,
        "cuts": errors.filter(pl.col("segmentation").is_in(SHOWN_CUTS))
        .select("segmentation", "segment")
        .to_dicts(),
        "worst": facts.rows("analysis.worst_misses")["rank"].head(N_WORST).to_list(),
        "tried": tried["without"].to_list(),
        "helps": tried.filter(pl.col("difference_low") > 0)["without"].to_list(),
        "hurts": tried.filter(pl.col("difference_high") < 0)["without"].to_list(),
        "whole": ablations.filter(pl.col("kind") == "whole")["without"].to_list(),
        "signs": signs.filter(pl.col("verdict") != "not seen")["feature"].to_list(),
        "odd_signs": signs.filter(pl.col("verdict").is_in(["against", "steps back"]))[
            "feature"
        ].to_list(),
        "pairs": facts.rows("analysis.interactions")["rank"].head(N_PAIRS).to_list(),
        "steady": facts.rows("analysis.stability")["kind"].to_list(),
        "example": _example(facts.rows("analysis.attributions")),
        "pictures": {
            "importance": _importance(features),
            "swarm": _swarm(facts.rows("analysis.attributions"), features["name"].to_list()),
            "effects": _effects(facts),
            "errors": _errors(errors),
            "ablations": _ablations(ablations.filter(pl.col("kind") != "whole")),
        },
    }


def _example(attributions: pl.DataFrame) -> dict[str, Any] | None:
    """The keys of the parts of one home: the one in the middle by value."""
    homes = attributions.filter(pl.col("rank") == 0).sort("value_usd", "property_key")
    if homes.is_empty():
        return None
    middle = homes.row(len(homes) // 2, named=True)
    names = ("role", "property_key", "listing_key", "close_date")
    mine = attributions.filter(pl.col(name).eq_missing(pl.lit(middle[name])) for name in names)
    return {
        "key": {name: middle[name] for name in names if name != "close_date"},
        "ranks": mine.sort("rank")["rank"].to_list(),
    }


def _importance(features: pl.DataFrame) -> Markup | None:
    rows = [
        Bar(r["name"], r["mean_abs_log"], r["mean_abs_log_low"], r["mean_abs_log_high"])
        for r in features.head(N_BARS).to_dicts()
    ]
    if not rows:
        return None
    title = "How far each part moves a value"
    summary = f"Mean over homes, with 95% intervals; the most important is {rows[0].name}"
    return whiskers(rows, title=title, summary=summary, show=width)


def _swarm(attributions: pl.DataFrame, names: list[str]) -> Markup | None:
    lanes = []
    for name in names:
        mine = attributions.filter(pl.col("part") == name).sort("property_key", "listing_key")
        if mine.is_empty():
            continue
        mine = mine[spaced(len(mine), MOST_DOTS)]
        share = (mine["feature_value"].rank("average") - 0.5) / max(
            mine["feature_value"].count(), 1
        )
        lanes.append((name, list(zip(mine["log_points"].to_list(), share.to_list(), strict=True))))
        if len(lanes) == N_SWARM:
            break
    if not lanes:
        return None
    summary = "A dot is a home; the darker, the higher the feature's own value"
    return swarm(lanes, title="Contributions, home by home", summary=summary, show=change)


def _effects(facts: Facts) -> Markup | None:
    effects, singles = facts.rows("analysis.effects"), facts.rows("analysis.individual_curves")
    shown = []
    for name in effects["feature"].unique(maintain_order=True).to_list()[:N_PANELS]:
        rows = effects.filter(pl.col("feature") == name).sort("bin")
        mine = singles.filter(pl.col("feature") == name)
        ice = [
            mine.filter(pl.col("curve") == number).sort("edge")["ice"].to_list()
            for number in sorted(mine["curve"].unique().to_list())
        ]
        lines = (rows[column].to_list() for column in ("edge", "ale", "ale_low", "ale_high", "pdp"))
        edges, ale, low, high, pdp = lines
        shown.append(Curve(name, edges, ale, low, high, pdp, ice))
    if not shown:
        return None
    summary = "Accumulated local effect with its band, partial dependence, and single homes"
    return effect_panels(shown, title="How values answer", summary=summary, show=change)


def _errors(errors: pl.DataFrame) -> Markup | None:
    rows = [
        Bar(_spelled(r), r["mdape"], r["mdape_low"], r["mdape_high"])
        for r in errors.filter(pl.col("segmentation").is_in(SHOWN_CUTS)).to_dicts()
    ]
    if not rows:
        return None
    summary = "Median absolute percentage error with 95% intervals"
    return whiskers(rows, title="Error by segment", summary=summary, show=percent, log=False)


def _spelled(row: dict[str, Any]) -> str:
    return (
        row["segment"]
        if row["segmentation"] == "all"
        else "{segmentation}: {segment}".format(**row)
    )


def _ablations(ablations: pl.DataFrame) -> Markup | None:
    rows = [
        Bar(r["without"], r["difference"], r["difference_low"], r["difference_high"])
        for r in ablations.to_dicts()
    ]
    if not rows:
        return None
    summary = "Change of the mean absolute log error when it is left out, with 95% intervals"
    return whiskers(rows, title="What each family is worth", summary=summary, show=change)
