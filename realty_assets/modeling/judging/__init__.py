"""Honest evaluation of backtests: baselines, splits side by side, segments, rivals."""
