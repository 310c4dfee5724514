"""What was made from what, as a small picture: data, runs, model versions."""
