"""Parallel coordinates: each run a line across its parameters and metrics."""
