"""Phase 5.9: keeping a home alive: backups, restoring one, and finding what is wrong with it."""
