"""A model in a folder, as MLflow leaves it: a run keeps it, so that a version can name it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from nbtrack.models.bundle import Bundle
from nbtrack.tracking.active import run

if TYPE_CHECKING:
    from nbtrack.store import Store


def folder_given(model_uri: object) -> Path | None:
    """The folder that ``model_uri`` is the path or the ``file:`` address of, if it is one."""
    if not isinstance(model_uri, (str, os.PathLike)):
        return None
    address = urlsplit(os.fspath(model_uri))
    if address.scheme == "file":
        return Path(unquote(address.path))
    folder = Path(model_uri).expanduser()
    return folder if folder.is_dir() else None


def adopt(store: Store, folder: Path) -> str:
    """Keep the model in ``folder`` with a run of its own; its ``runs:/`` URI.

    Within an active run of the same store it is a child of that. Raises `InvalidModel`
    where there is no model in the folder.
    """
    Bundle.read(folder)
    name = folder.resolve().name
    with run(f"adopted {name}", store=store.path, tags={"nbtrack.adopted_from": name}) as keeper:
        keeper.log_artifacts(folder, "model")
    return f"runs:/{keeper.id}/model"
