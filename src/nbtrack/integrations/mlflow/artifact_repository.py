"""MLflow's artifacts, as files that runs and logged models of ours keep."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.artifact.artifact_repo import ArtifactRepository, verify_artifact_path

from nbtrack.artifacts import Wanted
from nbtrack.integrations.mlflow.addresses import kept_at, split_artifact_uri
from nbtrack.integrations.mlflow.refusals import told_as_mlflow
from nbtrack.tracking.active import current_store
from nbtrack.tracking.files.places import artifacts_of
from nbtrack.tracking.stored import StoredRun


@told_as_mlflow
class NbtrackArtifacts(ArtifactRepository):  # type: ignore[misc]
    """The files below an address: of a run, of a logged model, or of all that a store keeps.

    The last is what a tracking server serves (``--artifacts-destination nbtrack:///path``). A
    model's files are files of the run that made it, in a folder of their own.
    """

    def __init__(
        self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
    ) -> None:
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        path, self._root = split_artifact_uri(artifact_uri)
        self._store = current_store(path)

    def log_artifact(self, local_file: Any, artifact_path: str | None = None) -> None:
        """Keep a file, in the folder ``artifact_path``."""
        verify_artifact_path(artifact_path)
        keeper, folder = self._keeper(artifact_path)
        keeper.log_artifact(local_file, folder)

    def log_artifacts(self, local_dir: Any, artifact_path: str | None = None) -> None:
        """Keep all that is in a folder, in the folder ``artifact_path``."""
        verify_artifact_path(artifact_path)
        keeper, folder = self._keeper(artifact_path)
        keeper.log_artifacts(local_dir, folder)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """The files and folders right in a folder, by name; none where it is a file.

        A run's logged models are left out: MLflow lists them beside its files, as it does where
        they are kept apart.
        """
        if path:
            verify_artifact_path(path)
        keeper, folder = self._keeper(path)
        models = self._models_in(path)
        above = (path or "").strip("/")
        return [
            FileInfo(posixpath.join(above, posixpath.basename(f.path)), f.is_dir, f.file_size)
            for f in keeper.list_artifacts(folder)
            if f.path != folder and not any(f"{f.path}/".startswith(each) for each in models)
        ]

    def _download_file(self, remote_file_path: str, local_path: Any) -> None:
        keeper, path = self._keeper(remote_file_path)
        for file in keeper._files():
            if file.path == path:
                wanted = Wanted(file.digest, file.size_bytes, Path(local_path))
                artifacts_of(self._store).fetch([wanted])
                return
        raise MlflowException(f"No such artifact: '{remote_file_path}'", RESOURCE_DOES_NOT_EXIST)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Nothing: files go when the run or model that keeps them is removed for good."""

    def _keeper(self, path: str | None) -> tuple[StoredRun, str]:
        """What keeps the files at ``path``, and how it calls that place."""
        from nbtrack.store import stored_models

        kept = kept_at(posixpath.join(self._root, (path or "").strip("/")))
        keeper, folder = kept.run_id, ""
        if kept.model_id is not None:
            found = stored_models(self._store, model_ids=[kept.model_id])
            if found:
                keeper, folder = found[0].run_id or found[0].model_id, found[0].path
        elif not self._has_run(kept.run_id):
            keeper = None
        if keeper is None:
            raise MlflowException(
                f"{self._root or path} is no run and no logged model of {self._store.path}.",
                RESOURCE_DOES_NOT_EXIST,
            )
        return StoredRun(self._store, keeper), "/".join(filter(None, (folder, kept.path)))

    def _models_in(self, path: str | None) -> list[str]:
        """The folders that are logged models, where it is a run whose files are at ``path``."""
        from nbtrack.store import stored_models

        run_id = kept_at(posixpath.join(self._root, (path or "").strip("/"))).run_id
        found = stored_models(self._store, run_ids=[run_id]) if run_id is not None else []
        return [f"{model.path}/" for model in found if not model.location]

    def _has_run(self, run_id: str | None) -> bool:
        found = self._store.query("SELECT 1 FROM base.runs WHERE run_id = ?::UUID", [run_id])
        return bool(found.num_rows)
