"""Where MLflow's server around a store of ours keeps the files that its clients send.

Its own default is a folder of the server's, apart from the runs. The server tells its workers by
environment variables what it was started with, and that is the one place where a plugin can say
otherwise: a worker loads plugins before it answers anybody.
"""

from __future__ import annotations

import os
from pathlib import Path

from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH

from nbtrack.integrations.mlflow.addresses import SCHEME, store_path

_STORE = "_MLFLOW_SERVER_FILE_STORE"
_DESTINATION = "_MLFLOW_SERVER_ARTIFACT_DESTINATION"
_OF_THE_SERVER = "./mlartifacts"
_PROXIED = "mlflow-artifacts:"


def keep_files_in_the_store() -> None:
    """In a worker of a server around a store of ours: let files go there, unless told otherwise."""
    store = os.environ.get(_STORE, "")
    if store.startswith(f"{SCHEME}:") and os.environ.get(_DESTINATION) == _OF_THE_SERVER:
        os.environ[_DESTINATION] = store


def own_root(artifact_root: str | None, path: Path) -> str | None:
    """The server's root for clients' files where it stands for the store in ``path``, else none."""
    destination = os.environ.get(_DESTINATION, "")
    if not (artifact_root or "").startswith(_PROXIED) or not destination.startswith(f"{SCHEME}:"):
        return None
    return artifact_root if store_path(destination) == path else None


def is_chosen(artifact_root: str | None) -> bool:
    """Whether somebody wanted files elsewhere than in the store.

    The server's command opens the store, too, before it tells anybody what it was started with.
    """
    is_proxied = (artifact_root or "").startswith(_PROXIED)
    if is_proxied and os.environ.get(_DESTINATION, _OF_THE_SERVER) == _OF_THE_SERVER:
        return False
    return artifact_root not in (None, "", DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH)
