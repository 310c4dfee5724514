"""Where a model is: a folder, or a path among the files of a run.

The two functions at the end are all that knows how a run keeps a folder of files.
"""

from __future__ import annotations

import atexit
import os
import posixpath
import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nbtrack.errors import InvalidModel, InvalidValue
from nbtrack.tracking.past import get_run
from nbtrack.tracking.run import Run

_RUNS = re.compile(r"runs:/+(?P<run>[^/]+)/(?P<path>.+)")


def folder_of(uri: str | os.PathLike[str], target: Path | None = None) -> Path:
    """The folder of the model ``uri``, a run's brought to ``target`` or a temporary folder.

    Raises `InvalidModel` where there is none, `InvalidValue` for a URI of another kind.
    """
    text = os.fspath(uri)
    if found := _RUNS.fullmatch(text):
        return _fetched(found["run"], found["path"].rstrip("/"), target)
    scheme = urlsplit(text).scheme
    if scheme == "file":
        return Path(unquote(urlsplit(text).path))
    # One letter is a drive of Windows.
    if len(scheme) > 1 and not os.path.exists(text):
        raise InvalidValue(
            f"{text!r} names no model that is known here; a model is a folder, or "
            "runs:/<run>/<path>."
        )
    return Path(text).expanduser()


def _fetched(run: str, path: str, target: Path | None) -> Path:
    if target is None:
        target = Path(tempfile.mkdtemp(prefix="nbtrack-model-"))
        # Kept as long as the process: a library may read its files when it predicts.
        atexit.register(shutil.rmtree, target, ignore_errors=True)
    folder = target / posixpath.basename(path)
    fetch_folder(run, path, folder)
    return folder


def keep_folder(run: Run, folder: Path, path: str) -> None:
    """Keep all files of ``folder`` with the run, under ``path``; it may be gone afterwards."""
    run.log_artifacts(folder, path, move=True)


def fetch_folder(run: str, path: str, target: Path) -> None:
    """Write the files that a run keeps under ``path`` into the folder ``target``."""
    stored = get_run(run)
    names = [name for name in stored.artifacts if name.startswith(f"{path}/")]
    if not names:
        folders = sorted({posixpath.dirname(name) for name in stored.artifacts} - {""})
        raise InvalidModel(
            f"Run {stored.name!r} keeps no model under {path!r} "
            f"(its folders: {', '.join(folders) or 'none'})."
        )
    stored.download_artifacts(path, target.parent)
