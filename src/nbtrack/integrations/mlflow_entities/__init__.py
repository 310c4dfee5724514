"""MLflow's entities, and what of theirs is what of ours: without MLflow, for every way."""
