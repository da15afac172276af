"""Signals that no single column tells: features together, attributions, errors before and after."""
