"""Phase 5.6: which model speaks for the home, decided by stated gates, and written down first."""
