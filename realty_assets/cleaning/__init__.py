"""Phase 3: from accepted listing versions to homes, listings and sales."""
