"""The evidence pack of a release, and the reviews of a random sample that flow back into it."""
