"""Phase 5: boosters on log price, intervals around them, and the backtest that judges both."""
