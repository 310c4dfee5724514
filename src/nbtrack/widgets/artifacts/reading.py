"""As much of a run's file as a preview takes: its beginning, a part, the whole of a small one."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValue
from nbtrack.tracking.files.places import artifacts_of

if TYPE_CHECKING:
    from nbtrack.store import Store, StoredArtifact

# What may travel from a bucket to be looked at; on this machine files are read where they are.
MAX_FETCHED_BYTES = 64 << 20


class FileReading:
    """The bytes of a store's files. Raises `ArtifactMissing`, `ArtifactDamaged` and the like.

    What was fetched from a place elsewhere is kept for as long as this object lives.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def part(self, file: StoredArtifact, start: int, end: int) -> bytes:
        """Bytes ``start`` to ``end`` of it; not verified, since that takes the whole."""
        return artifacts_of(self._store).read_part(file.digest, start, min(end, file.size_bytes))

    def whole(self, file: StoredArtifact) -> bytes:
        """All of it, verified. For the caller to ask of small files alone."""
        return artifacts_of(self._store).read(file.digest)

    def near_path(self, file: StoredArtifact) -> Path:
        """A file on this machine with its bytes. Raises `InvalidValue` for a large one far off."""
        if (kept := artifacts_of(self._store).near_path(file.digest)) is not None:
            return kept
        fetched = self._fetched / file.digest
        if not fetched.exists():
            if file.size_bytes > MAX_FETCHED_BYTES:
                raise InvalidValue(
                    f"It is in a place elsewhere, and larger than {MAX_FETCHED_BYTES >> 20} MB, "
                    "which is what is fetched to be looked at."
                )
            fetched.write_bytes(self.whole(file))
        return fetched

    @cached_property
    def _fetched(self) -> Path:
        folder = tempfile.mkdtemp(prefix="nbtrack-preview-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)
