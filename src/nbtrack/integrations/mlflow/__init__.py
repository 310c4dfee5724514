"""nbtrack under MLflow: ``mlflow.set_tracking_uri("nbtrack:///path")`` and all clients go on.

MLflow finds ``tracking_store``, ``registry_store`` and ``artifact_repository`` by entry points,
and is imported by these alone. DESIGN.md says what of theirs is what of ours.
"""
