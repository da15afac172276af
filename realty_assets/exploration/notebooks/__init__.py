"""marimo notebooks over the same functions as the reports; see docs/exploration.md."""
