"""Phase 4: market index, comparables and the feature matrix, each knowing only its own past."""
