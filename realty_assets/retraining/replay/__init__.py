"""The time machine: what the loop would have done, month by month, from what was known then."""
