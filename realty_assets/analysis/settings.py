"""How much work the analysis may do, by profile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AnalysisSettings:
    """Numbers of homes, rows and draws. `fast` is for samples and tests: seconds altogether."""

    most_homes: int = 1000
    top_k: int = 12
    n_draws: int = 1000
    interaction_features: int = 8
    interaction_rows: int = 60
    n_effects: int = 12
    effect_rows: int = 2000
    effect_bins: int = 20
    pdp_rows: int = 300
    ice_curves: int = 8
    ablation_months: int = 2
    ablation_rounds: int = 120
    ablation_members: int = 1
    churn_homes: int = 2000
    churn_seeds: int = 2
    churn_resamples: int = 2
    worst: int = 50
    # Fewer: there are a hundred segments, and each draw sorts all of its sales.
    segment_draws: int = 300


PROFILES: dict[str, AnalysisSettings] = {
    "full": AnalysisSettings(),
    "fast": AnalysisSettings(
        most_homes=400,
        interaction_features=6,
        interaction_rows=30,
        effect_rows=500,
        effect_bins=12,
        pdp_rows=60,
        ablation_months=1,
        ablation_rounds=80,
        churn_homes=400,
    ),
}
