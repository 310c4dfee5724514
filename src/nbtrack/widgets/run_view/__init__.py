"""One run in full, in tabs."""
