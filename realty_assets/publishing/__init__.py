"""What phase 1 publishes for others: coverage, the selected listings, and a small clean sample."""
