"""The embedded input: a Houston-like market with known truth (docs/sample_market.md).

Exports and photos go to a user's inbox; the answer key beside them is for tests and benchmarks
only. Nothing here imports dagster or touches the warehouse.
"""

from realty_assets.sample_market.market_files import SampleReport, generate, write_big_export

__all__ = ["SampleReport", "generate", "write_big_export"]
