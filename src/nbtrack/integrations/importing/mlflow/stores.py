"""Which of MLflow's stores an address names, and what each of them tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit, urlunsplit

from nbtrack.errors import InvalidValue
from nbtrack.integrations.importing.mlflow.artifacts import local_path

if TYPE_CHECKING:
    from nbtrack.integrations.importing.source import Omissions
    from nbtrack.integrations.mlflow_entities.records import (
        LoggedModel,
        MlflowExperiment,
        MlflowModel,
        MlflowRun,
    )


class MlflowStore(Protocol):
    """A place in which MLflow keeps runs and models."""

    omissions: Omissions

    def count(self) -> int | None:
        """How many runs there are, where that is known."""
        ...

    def experiments(self) -> Iterator[MlflowExperiment]:
        """The experiments, deleted or not."""
        ...

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[MlflowRun]:
        """The runs, parents first; of one that ``is_there`` by its id, the id alone."""
        ...

    def models_of_no_run(self) -> Iterator[LoggedModel]:
        """The logged models whose run is none, or is gone."""
        ...

    def registered_models(self) -> Iterator[MlflowModel]:
        """The registered models."""
        ...


def open_store(uri: str) -> tuple[MlflowStore, str]:
    """The store at an address, and the address as it may be shown. Raises `InvalidValue`."""
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https"):
        from nbtrack.integrations.importing.mlflow.server import ServerStore

        host = parts.netloc.rpartition("@")[2]
        return ServerStore(uri), urlunsplit((parts.scheme, host, parts.path, "", ""))
    if parts.scheme.partition("+")[0] in ("sqlite", "postgresql", "mysql", "mssql"):
        from nbtrack.integrations.importing.mlflow.sql_store import SqlStore

        user, at, host = parts.netloc.rpartition("@")
        shown = uri.replace(f"{user}{at}", "", 1) if at else uri
        return SqlStore(uri), shown
    if parts.scheme not in ("", "file") and len(parts.scheme) > 1:
        raise InvalidValue(
            f"{uri!r} is no address of MLflow's: a folder, sqlite:///file, postgresql://…, "
            "mysql://…, mssql://…, http://… or https://…"
        )
    folder = local_path(uri)
    if folder.is_file():
        # Somebody names the database's file alone.
        return open_store(f"sqlite:///{folder}")
    if not folder.is_dir():
        raise InvalidValue(f"There is no folder {folder}.")
    from nbtrack.integrations.importing.mlflow.file_store import FileStore

    root = folder if not (folder / "mlruns").is_dir() else folder / "mlruns"
    return FileStore(Path(root)), str(folder)
