"""Which of MLflow's stores an address names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from nbtrack.errors import InvalidValue
from nbtrack.integrations.importing.mlflow.artifacts import local_path
from nbtrack.integrations.importing.mlflow.records import MlflowStore


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
