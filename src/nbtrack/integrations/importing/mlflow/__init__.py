"""MLflow as a source: what its file stores, its databases and its servers hold, without MLflow."""
