"""Weights & Biases as a source: the files of offline runs, and folders of exported ones."""
