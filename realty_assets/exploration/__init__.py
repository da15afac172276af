"""Exploration: what the staged rows are like, seen through a window that shows nothing else."""
