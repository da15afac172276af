"""Phase 5.7: what changes in what comes in, in what is said of it, and in how right it was."""
