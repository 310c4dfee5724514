"""Artifacts in a local folder: ``<folder>/<first two digits>/<the other digits of the digest>``."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

from nbtrack.errors import ArtifactDamaged, ArtifactMissing

_CHUNK_BYTES = 1 << 20


class ArtifactFolder:
    """The bytes that runs keep. A reader never sees half a file: it is written, then renamed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, data: bytes) -> str:
        """Keep ``data``, and give its digest (BLAKE2b-256 in hex)."""
        digest = hashlib.blake2b(data, digest_size=32).hexdigest()
        if not self.path_of(digest).exists():
            with self._new_file() as (file, name):
                file.write(data)
                file.close()
                self._publish(name, digest)
        return digest

    def put_file(self, source: Path) -> tuple[str, int]:
        """Keep a copy of the file ``source``; its digest and size. Memory stays bounded."""
        hasher, size = hashlib.blake2b(digest_size=32), 0
        with source.open("rb") as reader, self._new_file() as (file, name):
            while chunk := reader.read(_CHUNK_BYTES):
                hasher.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.close()
            digest = hasher.hexdigest()
            if not self.path_of(digest).exists():
                self._publish(name, digest)
        return digest, size

    def read(self, digest: str) -> bytes:
        """The bytes with that digest. Raises `ArtifactMissing`, or `ArtifactDamaged`."""
        try:
            data = self.path_of(digest).read_bytes()
        except FileNotFoundError:
            raise ArtifactMissing(
                f"The artifact {digest[:12]}… is not in {self.path}; "
                "was the store copied without it?"
            ) from None
        if hashlib.blake2b(data, digest_size=32).hexdigest() != digest:
            raise ArtifactDamaged(
                f"{self.path_of(digest)} is not what was written; bring the file back from a copy."
            )
        return data

    def remove(self, digests: Iterable[str]) -> int:
        """Delete what has these digests, for good; how many were there."""
        removed = 0
        for digest in digests:
            with suppress(FileNotFoundError):
                self.path_of(digest).unlink()
                removed += 1
        return removed

    def path_of(self, digest: str) -> Path:
        """Where the bytes with that digest stand, if they are there."""
        return self.path / digest[:2] / digest[2:]

    def _new_file(self) -> _NewFile:
        self.path.mkdir(parents=True, exist_ok=True)
        return _NewFile(self.path)

    def _publish(self, name: str, digest: str) -> None:
        target = self.path_of(digest)
        target.parent.mkdir(exist_ok=True)
        with suppress(OSError):
            # A store is shared through its folder's group.
            shutil.copymode(self.path.parent / "store.duckdb", name)
        os.replace(name, target)


class _NewFile:
    """A file under a passing name, gone afterwards unless it was renamed."""

    def __init__(self, folder: Path) -> None:
        descriptor, self._name = tempfile.mkstemp(prefix=".new-", dir=folder)
        self._file: IO[bytes] = os.fdopen(descriptor, "wb")

    def __enter__(self) -> tuple[IO[bytes], str]:
        return self._file, self._name

    def __exit__(self, *_: object) -> None:
        self._file.close()
        with suppress(FileNotFoundError):
            os.unlink(self._name)
