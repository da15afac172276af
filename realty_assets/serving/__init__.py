"""Phase 8: what leaves the home: valuations, and the report that says how good they are."""
