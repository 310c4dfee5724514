"""``nbtrack://`` addresses: of a store, and of the files that a run or logged model keeps in it.

``nbtrack:///abs/.nbtrack`` is a store. Below it files are laid out as MLflow lays them out:
``<experiment>/<run id>/artifacts/…`` and ``<experiment>/models/<model id>/artifacts/…``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from mlflow.utils.uri import append_to_uri_path

SCHEME = "nbtrack"
_KEEPER = re.compile(
    r"/?(?P<experiment>\d+)/(?:(?P<run>[0-9a-f]{32})|models/m-(?P<model>[0-9a-f]{32}))"
    r"/artifacts(?:/(?P<path>.*))?"
)
_BELOW = re.compile(r"(?P<store>.*?)(?P<keeper>/\d+/(?:[0-9a-f]{32}|models/m-[0-9a-f]{32})/.*)")


@dataclass(frozen=True, slots=True)
class Kept:
    """Files of a run or of a logged model, by its id: those below ``path``."""

    run_id: str | None
    model_id: str | None
    path: str


def store_path(uri: str) -> Path:
    """The folder of the store that a tracking or registry address names."""
    parts = urlsplit(uri)
    if parts.scheme != SCHEME or parts.netloc or not parts.path.strip("/"):
        raise MlflowException(
            f"A store of nbtrack is named as nbtrack:///absolute/path/.nbtrack, got {uri!r}.",
            INVALID_PARAMETER_VALUE,
        )
    path = Path(unquote(parts.path))
    # The folder of a project will do: its store is where `nbtrack` looks for it.
    inside = path / ".nbtrack"
    return inside if path.name != ".nbtrack" and inside.is_dir() else path


def store_uri(path: Path) -> str:
    """The address of the store in a folder."""
    return f"{SCHEME}://{quote(path.absolute().as_posix())}"


def below(uri: str, *parts: str) -> str:
    """The address of something below another one, of any scheme."""
    if uri.startswith(f"{SCHEME}:"):
        return "/".join((uri.rstrip("/"), *parts))
    return str(append_to_uri_path(uri, *parts))


def split_artifact_uri(uri: str) -> tuple[Path, str]:
    """The store that an address of files is in, and what follows it."""
    parts = urlsplit(uri)
    found = _BELOW.fullmatch(parts.path)
    if found is None:
        return store_path(uri), ""
    return store_path(f"{SCHEME}://{parts.netloc}{found['store']}"), unquote(found["keeper"])


def kept_at(path: str) -> Kept:
    """Whose files ``path`` below a store means."""
    found = _KEEPER.fullmatch(path.rstrip("/"))
    if found is None:
        raise MlflowException(
            f"Files are kept by a run or a logged model, and {path!r} names none.",
            RESOURCE_DOES_NOT_EXIST,
        )
    return Kept(found["run"], found["model"], found["path"] or "")
