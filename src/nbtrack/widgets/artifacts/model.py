"""The files of one run, as the browser lists and opens them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.errors import (
    ArtifactDamaged,
    ArtifactMissing,
    ArtifactsUnavailable,
    InvalidValue,
    MissingExtra,
)
from nbtrack.widgets.artifacts.previews import preview, table_rows, text_from
from nbtrack.widgets.artifacts.reading import FileReading
from nbtrack.widgets.run_detail import drawn_files
from nbtrack.widgets.wire import Answer

if TYPE_CHECKING:
    from nbtrack.store import Store, StoredArtifact

MAX_FILE_BYTES = 50 << 20
MAX_FIGURES = 24
MAX_FIGURES_BYTES = 12 << 20


class FilesModel:
    """One run's files, and how questions about them are answered."""

    def __init__(self, store: Store, run_id: str) -> None:
        self.store = store
        self.run_id = run_id
        self.reading = FileReading(store)
        self.files: list[StoredArtifact] = []

    def read(self) -> list[StoredArtifact]:
        """The files as the store has them now, by path."""
        from nbtrack.store import run_artifacts

        self.files = run_artifacts(self.store, self.run_id)
        return self.files

    def find(self, path: str) -> StoredArtifact:
        """The file at ``path``. Raises `ArtifactMissing`."""
        found = next((file for file in self.files if file.path == path), None)
        if found is None:
            raise ArtifactMissing(f"The run keeps no file {path!r}.")
        return found

    def answer(self, intent: Mapping[str, Any]) -> Answer | None:
        """The answer to a question about files; ``None`` for any other."""
        match intent["kind"]:
            case "figures":
                return self.figures()
            case "file":
                return self.file(str(intent["path"]))
            case "preview" | "rows" | "more":
                return self._shown(intent)
        return None

    def preview(self, path: str) -> Answer:
        """What is shown of a file; what keeps it from being shown, as an answer of that kind."""
        return self._shown({"kind": "preview", "path": path})

    def _shown(self, intent: Mapping[str, Any]) -> Answer:
        path = str(intent["path"])
        try:
            file = self.find(path)
            match intent["kind"]:
                case "rows":
                    column = intent.get("order_by")
                    return table_rows(
                        self.reading,
                        file,
                        offset=int(intent["offset"]),
                        order_by=None if column is None else int(column),
                        descending=bool(intent.get("descending")),
                    )
                case "more":
                    return text_from(self.reading, file, max(0, int(intent["start"])))
            return preview(self.reading, file)
        except (
            ArtifactMissing,
            ArtifactDamaged,
            ArtifactsUnavailable,
            InvalidValue,
            MissingExtra,
        ) as error:
            content = {"kind": "preview", "as": "trouble", "path": path, "message": str(error)}
            return Answer(content)

    def figures(self) -> Answer:
        """The first pictures among the files, with their bytes; each is opened by itself, too."""
        found, left = [], MAX_FIGURES_BYTES
        for file, data in drawn_files(self.store, self.files, MAX_FIGURES):
            if len(data) <= left:
                found.append((file, data))
                left -= len(data)
        content = {
            "kind": "figures",
            "paths": [file.path for file, _ in found],
            "media_types": [file.media_type for file, _ in found],
        }
        return Answer(content, [data for _, data in found])

    def file(self, path: str) -> Answer:
        """The bytes of one file. Raises `ArtifactMissing`, and `InvalidValue` for a large one."""
        found = self.find(path)
        if found.size_bytes > MAX_FILE_BYTES:
            raise InvalidValue(
                f"{path} is larger than {MAX_FILE_BYTES >> 20} MB, too large for the page: "
                f"nbtrack.get_run({self.run_id[-8:]!r}).download_artifacts({path!r}) fetches it."
            )
        data = self.reading.whole(found)
        return Answer({"kind": "file", "path": path, "media_type": found.media_type}, [data])
