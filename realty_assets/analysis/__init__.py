"""Phase 5.5: why the newest model values homes as it does, where it misses, how steady it is."""
