"""When a model is made anew, how much is tried, and what came of it."""
