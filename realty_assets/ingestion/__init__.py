"""Phase 1: from an export to staged, quarantined and unchanged rows, each accounted for."""
