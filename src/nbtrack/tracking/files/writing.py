"""Keeping files with a run: those on the disk, and objects as files."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue, MissingExtra
from nbtrack.events import ArtifactKept
from nbtrack.tracking.files.paths import (
    check_artifact_path,
    check_folder,
    files_under,
    join_path,
    media_type_of,
)
from nbtrack.tracking.files.places import artifacts_of, keeping
from nbtrack.tracking.silent import SilentStore
from nbtrack.tracking.values import check_key, check_step

if TYPE_CHECKING:
    from nbtrack.store import Store

# A table is read, added to and kept again: one at a time.
_tables = threading.Lock()


class KeepsFiles:
    """What a run, live or long over, does to keep files. Names and arguments are MLflow's.

    A path is relative to the run, with ``/`` between folders; a later file under the same
    path replaces the one before. Bytes that any run has kept are not written or sent again.
    """

    _store: Store
    _id: str

    def log_artifact(
        self,
        local_path: str | os.PathLike[str],
        artifact_path: str | None = None,
    ) -> None:
        """Keep a file, or a folder with all in it, in the run's folder ``artifact_path``."""
        source, folder = Path(local_path), check_folder(artifact_path)
        if source.is_dir():
            self.log_artifacts(source, join_path(folder, source.absolute().name))
        else:
            self.keep_files([(join_path(folder, source.name), source)])

    def log_artifacts(
        self,
        local_dir: str | os.PathLike[str],
        artifact_path: str | None = None,
        *,
        move: bool = False,
    ) -> None:
        """Keep all that is in a folder, in the run's folder ``artifact_path``.

        With ``move`` the files may be gone afterwards, which spares a copy. Folders
        without files are not kept.
        """
        folder = check_folder(artifact_path)
        if not Path(local_dir).is_dir():
            raise InvalidValue(f"log_artifacts takes a folder, and {str(local_dir)!r} is none.")
        found = files_under(Path(local_dir))
        files = [(join_path(folder, name), file) for name, file in found]
        if move:
            # What a link points at may be one of them, and must be there yet.
            files.sort(key=lambda file: not file[1].is_symlink())
        self.keep_files(files, move=move)

    def log_text(self, text: str, artifact_file: str) -> None:
        """Keep a text as a file, in UTF-8."""
        if not isinstance(text, str):
            raise InvalidValue(f"log_text takes a string, got {type(text).__name__}.")
        self.keep_artifact(artifact_file, text.encode(errors="surrogatepass"))

    def log_dict(self, dictionary: Mapping[str, Any] | Sequence[Any], artifact_file: str) -> None:
        """Keep a dict or list as JSON, or as YAML if the name ends in ``.yaml`` or ``.yml``."""
        if check_artifact_path(artifact_file).lower().endswith((".yaml", ".yml")):
            try:
                import yaml
            except ImportError as error:
                raise MissingExtra("Writing YAML needs PyYAML: pip install pyyaml.") from error
            text = yaml.safe_dump(dictionary, sort_keys=False, allow_unicode=True)
        else:
            text = json.dumps(dictionary, indent=2, ensure_ascii=False, default=str)
        self.log_text(text, artifact_file)

    def log_figure(
        self,
        figure: object,
        artifact_file: str,
        *,
        save_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a figure of matplotlib, plotly or Altair, in the format that the name ends in."""
        from nbtrack.tracking.files.pictures import figure_bytes

        path = check_artifact_path(artifact_file)
        self.keep_artifact(path, figure_bytes(figure, path, dict(save_kwargs or {})))

    def log_image(
        self,
        image: object,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = False,  # noqa: ARG002 - MLflow's; every call is whole at its end
    ) -> None:
        """Keep an image: PIL's, a matplotlib figure, or an array (H, W), (H, W, 1, 3 or 4).

        Integers and booleans of arrays are 0 to 255 and 0 to 1, floats 0 to 1. Either under the
        path ``artifact_file``, or as one of a series under ``key`` with ``step`` and
        ``timestamp`` (ms since 1970), named as MLflow names it.
        """
        from nbtrack.tracking.files.pictures import image_bytes

        if (artifact_file is None) == (key is None):
            raise InvalidValue("log_image takes either artifact_file or key, and not both.")
        if artifact_file is not None:
            path = check_artifact_path(artifact_file)
            if step is not None or timestamp is not None:
                raise InvalidValue("step and timestamp of log_image go with key only.")
        else:
            name = check_key(key, "image").replace("/", "~")
            moment = timestamp if timestamp is not None else time.time_ns() // 1_000_000
            path = check_artifact_path(
                f"images/{name}+step+{check_step(step or 0)}+timestamp+{moment}+{uuid.uuid4()}.png"
            )
        self.keep_artifact(path, image_bytes(image, path))

    def log_table(self, data: object, artifact_file: str) -> None:
        """Keep a table as JSON or, if the name ends so, Parquet; rows are added to what is there.

        ``data`` is a DataFrame (pandas, polars), an Arrow table, or a dict of columns; a column
        that one of both lacks is filled with nothing. Columns come in the order they came first.
        """
        from nbtrack.tracking.files.tables import added, read_table, table_bytes, table_of

        path = check_artifact_path(artifact_file)
        if not path.lower().endswith((".json", ".parquet")):
            raise InvalidValue(f"A table is kept as .json or .parquet, got {artifact_file!r}.")
        table = table_of(data)
        if isinstance(self._store, SilentStore):
            return
        from nbtrack.store import run_artifacts

        with _tables:
            there = {file.path: file.digest for file in run_artifacts(self._store, self._id)}
            if path in there:
                before = read_table(artifacts_of(self._store).read(there[path]), path)
                table = added(before, table)
            self.keep_artifact(path, table_bytes(table, path))

    def log_audio(self, audio: object, artifact_file: str, sample_rate: int | None = None) -> None:
        """Keep a sound: bytes of a file as they are, or samples (n,) or (n, channels) as WAV.

        Samples are floats from -1 to 1 or 16-bit integers, ``sample_rate`` of them a second.
        """
        from nbtrack.tracking.files.sounds import audio_bytes

        path = check_artifact_path(artifact_file)
        self.keep_artifact(path, audio_bytes(audio, path, sample_rate))

    def log_html(self, html: object, artifact_file: str) -> None:
        """Keep a page: its text, or an object that shows itself as html, as a DataFrame does."""
        text = html if isinstance(html, str) else getattr(html, "_repr_html_", lambda: None)()
        if not isinstance(text, str):
            raise InvalidValue(
                f"log_html takes a string or an object that shows itself as html, "
                f"got {type(html).__name__}."
            )
        self.log_text(text, artifact_file)

    def keep_artifact(self, path: str, data: bytes, media_type: str = "") -> None:
        """Keep ``data`` as the run's file ``path``. Without a type its name tells it."""
        checked = check_artifact_path(path)
        if isinstance(self._store, SilentStore):
            return
        with keeping(self._store) as artifacts:
            digest = artifacts.put(data)
            self._record_files([(checked, digest, len(data), media_type or media_type_of(checked))])

    def keep_files(self, files: Sequence[tuple[str, Path]], *, move: bool = False) -> None:
        """Keep files, each under a path of its own."""
        if isinstance(self._store, SilentStore) or not files:
            return
        with keeping(self._store) as artifacts:
            kept = artifacts.put_files([file for _, file in files], move=move)
            self._record_files(
                (path, digest, size, media_type_of(path))
                for (path, _), (digest, size) in zip(files, kept, strict=True)
            )

    def _record_files(self, files: Any) -> None:
        """Say under which paths bytes are kept that are there already."""
        writer = self._store.writer()
        now_us = writer.now_us()
        writer.append(*(ArtifactKept(now_us, self._id, *file) for file in files))
