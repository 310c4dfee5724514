"""`Artifact`: files that are logged together, under a name."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from nbtrack.errors import InvalidValue
from nbtrack.tracking.files.paths import check_artifact_path, files_under, join_path


class Artifact:
    """Files under a name; logged, they are the folder ``artifacts/name`` of the run.

    nbtrack counts no versions of it: each run has its own, and equal bytes are kept once. Type,
    description and metadata are kept beside them.
    """

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **unused: Any,  # noqa: ARG002 - of W&B's own storage
    ) -> None:
        self.name = check_artifact_path(name)
        self.type = type
        self.description = description
        self.metadata = dict(metadata or {})
        self._files: dict[str, Path] = {}

    def add_file(
        self, local_path: str | os.PathLike[str], name: str | None = None, **_: Any
    ) -> None:
        """Add a file; it must be there until the artifact is logged."""
        path = Path(local_path)
        if not path.is_file():
            raise InvalidValue(f"There is no file {str(local_path)!r}.")
        self._files[check_artifact_path(name or path.name)] = path

    def add_dir(
        self, local_path: str | os.PathLike[str], name: str | None = None, **_: Any
    ) -> None:
        """Add all that is in a folder."""
        if not Path(local_path).is_dir():
            raise InvalidValue(f"There is no folder {str(local_path)!r}.")
        for path, file in files_under(Path(local_path)):
            self._files[join_path(name or "", path)] = file

    @contextmanager
    def new_file(
        self, name: str, mode: str = "x", encoding: str | None = None, **_: Any
    ) -> Iterator[IO[Any]]:
        """A file to be written, in a ``with`` block."""
        folder = Path(tempfile.mkdtemp(prefix="nbtrack-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        file = folder / Path(check_artifact_path(name)).name
        with file.open(mode, encoding=encoding) as stream:
            yield stream
        self._files[name] = file

    def wait(self, timeout: int | None = None) -> Artifact:  # noqa: ARG002
        """Itself: what is logged is kept already."""
        return self

    @property
    def about(self) -> dict[str, Any]:
        """What is said of it."""
        said = {"type": self.type, "description": self.description, "metadata": self.metadata}
        return {key: value for key, value in said.items() if value}

    @property
    def files_by_path(self) -> dict[str, Path]:
        """Its files by their path in it."""
        return dict(self._files)
