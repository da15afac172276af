"""Speed as ratios to a named rival or limit, measured in the same run."""
