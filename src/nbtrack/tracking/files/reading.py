"""The files that a run keeps: listed, fetched to the disk, and read back as what they were."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import ArtifactMissing, InvalidValue, MissingExtra
from nbtrack.tracking.answers import Answer
from nbtrack.tracking.files.paths import check_artifact_path, check_folder
from nbtrack.tracking.files.places import artifacts_of
from nbtrack.tracking.silent import SilentStore

if TYPE_CHECKING:
    from nbtrack.store import Store, StoredArtifact


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file or folder of a run, with MLflow's names; ``file_size`` is ``None`` for a folder."""

    path: str
    is_dir: bool
    file_size: int | None


class ReadsFiles:
    """What a run, live or long over, tells of the files that it keeps."""

    _store: Store
    _id: str

    @property
    def artifacts(self) -> dict[str, int]:
        """Paths of the files that the run keeps, and their sizes in bytes."""
        return {file.path: file.size_bytes for file in self._files()}

    def artifact(self, path: str) -> bytes:
        """The bytes of a file that the run keeps. Raises ``KeyError`` if it has none there."""
        files = self._files()
        for file in files:
            if file.path == path:
                return artifacts_of(self._store).read(file.digest)
        raise self._missing(path, files)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """The files and folders right in the run's folder ``path``, by name."""
        folder = check_folder(path)
        prefix = f"{folder}/" if folder else ""
        found: dict[str, FileInfo] = {}
        for file in self._files():
            if file.path == folder:
                found[folder] = FileInfo(folder, False, file.size_bytes)
            elif file.path.startswith(prefix):
                name, slash, _ = file.path.removeprefix(prefix).partition("/")
                size = None if slash else file.size_bytes
                found[prefix + name] = FileInfo(prefix + name, bool(slash), size)
        return [found[name] for name in sorted(found)]

    def download_artifacts(
        self, path: str = "", dst_path: str | os.PathLike[str] | None = None
    ) -> str:
        """Write a file, or a folder with all in it, below ``dst_path``; where it is then.

        Without ``dst_path`` below a new temporary folder. Files appear when they are whole
        and verified; what an interrupted call has fetched is not fetched again. Raises
        ``KeyError`` if the run keeps nothing there.
        """
        from nbtrack.artifacts import Wanted

        wanted, files = check_folder(path), self._files()
        chosen = [f for f in files if not wanted or f"{f.path}/".startswith(f"{wanted}/")]
        if wanted and not chosen:
            raise self._missing(path, files)
        root = Path(dst_path) if dst_path is not None else Path(tempfile.mkdtemp(prefix="nbtrack-"))
        root = root.expanduser().absolute()
        # As MLflow does: what was asked for stands right in the folder, under its own name.
        above = f"{wanted.rpartition('/')[0]}/" if "/" in wanted else ""
        targets = {f.path: root / _inside(f.path.removeprefix(above)) for f in chosen}
        root.mkdir(parents=True, exist_ok=True)
        for file in chosen:
            if any(parent in targets for parent in _folders_above(file.path)):
                raise InvalidValue(
                    f"The run keeps a file and a folder under one path, above {file.path!r}; "
                    "fetch its files one by one."
                )
        artifacts_of(self._store).fetch(
            [Wanted(f.digest, f.size_bytes, targets[f.path]) for f in chosen]
        )
        return str(root / wanted.removeprefix(above)) if wanted else str(root)

    def load_text(self, path: str) -> str:
        """A file as text, in UTF-8."""
        return self.artifact(path).decode(errors="surrogatepass")

    def load_dict(self, path: str) -> Any:
        """What a JSON or YAML file holds."""
        if not path.lower().endswith((".yaml", ".yml")):
            return json.loads(self.artifact(path))
        try:
            import yaml
        except ImportError as error:
            raise MissingExtra("Reading YAML needs PyYAML: pip install pyyaml.") from error
        return yaml.safe_load(self.artifact(path))

    def load_image(self, path: str) -> Any:
        """An image, as ``PIL.Image``."""
        from nbtrack.tracking.files.pictures import image_from

        return image_from(self.artifact(path))

    def load_table(self, path: str) -> Answer:
        """A table that `log_table` kept, or any CSV or Parquet file; ``.df()`` gives pandas."""
        from nbtrack.tracking.files.tables import read_table

        return Answer(read_table(self.artifact(path), path))

    def _files(self) -> list[StoredArtifact]:
        if isinstance(self._store, SilentStore):
            return []
        from nbtrack.store import run_artifacts

        return run_artifacts(self._store, self._id)

    def _missing(self, path: str, files: list[StoredArtifact]) -> ArtifactMissing:
        names = [file.path for file in files]
        known = ", ".join(names[:10]) or "none"
        more = f" and {len(names) - 10} more" if len(names) > 10 else ""
        name = getattr(self, "name", self._id[-8:])
        return ArtifactMissing(f"Run {name!r} keeps no file {path!r} (it has: {known}{more}).")


def _inside(path: str) -> Path:
    """``path`` as one below a folder: an event may come from anybody."""
    return Path(*check_artifact_path(path).split("/"))


def _folders_above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
