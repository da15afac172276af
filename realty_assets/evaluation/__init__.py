"""How accuracy, fairness and uncertainty are measured: pure functions of arrays."""
