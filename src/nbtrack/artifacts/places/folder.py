"""Artifacts in a local folder: ``<folder>/<first two digits>/<the other digits of the digest>``."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from nbtrack.artifacts.digest import (
    CHUNK_BYTES,
    Told,
    check_digest,
    digest_of,
    digest_of_file,
    new_hasher,
    unheard,
)
from nbtrack.artifacts.places.place import KeptBytes
from nbtrack.errors import ArtifactMissing, ArtifactsUnavailable

_PASSING = ".new-"
_OWNERS = "owners"


class ArtifactFolder:
    """A folder as a place (see `ArtifactPlace`). A file is written, then renamed."""

    is_near = True

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def url(self) -> str:
        """The folder's path."""
        return str(self.path)

    def put(self, data: bytes) -> str:
        """Keep ``data``; its digest."""
        digest = digest_of(data)
        if self.size_of(digest) != len(data):
            with self._refusals(), self._new_file() as (file, name):
                file.write(data)
                file.close()
                self._publish(name, digest)
        return digest

    def put_file(
        self, source: Path, told: Told = unheard, *, move: bool = False
    ) -> tuple[str, int]:
        """Keep the content of a file; its digest and size."""
        # A link is only a name for bytes that are someone's; so is one name of several.
        found = source.stat(follow_symlinks=False)
        is_only_name = stat.S_ISREG(found.st_mode) and found.st_nlink == 1
        if move and is_only_name and (moved := self._take(source)) is not None:
            told(moved[1])
            return moved
        hasher, size = new_hasher(), 0
        # One pass: a file that changes meanwhile is kept as it was read.
        with (
            source.open("rb", buffering=0) as reader,
            self._refusals(),
            self._new_file() as (file, name),
        ):
            while chunk := reader.read(CHUNK_BYTES):
                hasher.update(chunk)
                size += len(chunk)
                file.write(chunk)
                told(len(chunk))
            file.close()
            digest = hasher.hexdigest()
            if self.size_of(digest) != size:
                self._publish(name, digest)
        return digest, size

    def size_of(self, digest: str) -> int | None:
        """How many bytes it has under that digest; ``None`` if it has none."""
        with suppress(FileNotFoundError), self._refusals():
            return self.path_of(digest).stat().st_size
        return None

    def chunks(self, digest: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` on, before ``end``, in order, not verified.

        Raises `ArtifactMissing`.
        """
        try:
            with self._refusals(), self.path_of(digest).open("rb", buffering=0) as reader:
                left = sys.maxsize if end is None else max(0, end - start)
                reader.seek(start)
                while chunk := reader.read(min(CHUNK_BYTES, left)):
                    left -= len(chunk)
                    yield chunk
        except FileNotFoundError:
            raise ArtifactMissing(f"The artifact {digest[:12]}… is not in {self.path}.") from None

    def remove(self, digests: Iterable[str]) -> int:
        """Delete what has these digests, for good; how many were there."""
        removed = 0
        for digest in digests:
            with suppress(FileNotFoundError), self._refusals():
                self.path_of(digest).unlink()
                removed += 1
        return removed

    def kept(self) -> Iterator[KeptBytes]:
        """Everything that it has, in no order."""
        for file in self.path.glob("[0-9a-f][0-9a-f]/*"):
            digest = file.parent.name + file.name
            with suppress(FileNotFoundError):  # Another may remove it just now.
                found = file.stat()
                if len(digest) == 64 and stat.S_ISREG(found.st_mode):
                    yield KeptBytes(digest, found.st_size, found.st_mtime)

    def sweep(self, before: float, *, dry_run: bool = False) -> int:
        """Remove what interrupted uploads left and nobody touched since ``before``; bytes freed."""
        freed = 0
        for file in self.path.glob(f"{_PASSING}*"):
            with suppress(FileNotFoundError), self._refusals():
                found = file.stat()
                if found.st_mtime < before:
                    if not dry_run:
                        file.unlink()
                    freed += found.st_size
        return freed

    def claim(self, owner: str) -> None:
        """Note that the store ``owner`` keeps bytes here."""
        with self._refusals():
            make_folder(self.path / _OWNERS)
            (self.path / _OWNERS / owner).touch()

    def owners(self) -> list[str]:
        """Every store that has claimed the place."""
        with suppress(FileNotFoundError), self._refusals():
            return sorted(os.listdir(self.path / _OWNERS))
        return []

    def path_of(self, digest: str) -> Path:
        """Where the bytes with that digest stand, if they are there."""
        check_digest(digest)
        return self.path / digest[:2] / digest[2:]

    def _take(self, source: Path) -> tuple[str, int] | None:
        """Rename the source to where it is kept; ``None`` if it lies on another file system."""
        digest, size = digest_of_file(source)
        with self._refusals():
            make_folder(self.path)
            try:
                self._publish(str(source), digest)
            except OSError as error:
                if error.errno == errno.EXDEV:
                    return None
                raise
        return digest, size

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Say in a sentence what the disk refuses; a file that is not there is the caller's."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ArtifactsUnavailable(
                f"Cannot use {self.path} for artifacts: {error.strerror or error}."
            ) from error

    @contextmanager
    def _new_file(self) -> Iterator[tuple[IO[bytes], str]]:
        """A file under a passing name, gone afterwards unless it was renamed."""
        make_folder(self.path)
        descriptor, name = tempfile.mkstemp(prefix=_PASSING, dir=self.path)
        try:
            with os.fdopen(descriptor, "wb") as file:
                try:
                    yield file, name
                except BaseException:
                    # What is buffered would be refused by a full disk once more.
                    with suppress(OSError):
                        file.close()
                    raise
        finally:
            with suppress(FileNotFoundError):
                os.unlink(name)

    def _publish(self, name: str, digest: str) -> None:
        target = self.path_of(digest)
        if not target.parent.is_dir():
            make_folder(target.parent)
        # Whoever may use the folder may read what it keeps.
        with suppress(OSError):
            os.chmod(name, stat.S_IMODE(target.parent.stat().st_mode) & 0o666)
        os.replace(name, target)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, open to the group where the one above is shared with it."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    with suppress(OSError):
        above = path.parent.stat().st_mode
        if above & stat.S_ISGID and above & stat.S_IWGRP:
            shutil.copymode(path.parent, path)
