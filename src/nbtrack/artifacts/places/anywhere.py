"""Artifacts wherever fsspec reaches: ``memory://``, ``gs://``, ``sftp://`` and the others.

What is sent stands under a passing name until it is whole, and is then moved. S3 and
Azure have files of their own: there an object appears when its last part is confirmed.
"""

from __future__ import annotations

import os
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from nbtrack.artifacts.digest import (
    CHUNK_BYTES,
    Told,
    check_digest,
    digest_of,
    digest_of_file,
    new_hasher,
    unheard,
)
from nbtrack.artifacts.places.parts import check_unchanged
from nbtrack.artifacts.places.patience import patiently, reason_of
from nbtrack.artifacts.places.place import SMALL_BYTES, KeptBytes
from nbtrack.errors import ArtifactMissing, ArtifactsUnavailable, MissingExtra, NbtrackError

T = TypeVar("T")

# What is asked for at once when reading, and how many such ranges are under way.
RANGE_BYTES = 8 << 20
_RANGES_AT_ONCE = 4

_PASSING = ".new-"
_OWNERS = "owners"
# The extra that brings the library of a scheme.
_EXTRAS = {"s3": "s3", "s3a": "s3", "abfs": "azure", "abfss": "azure", "az": "azure", "gs": "gcs"}


class FsspecPlace:
    """A place (see `ArtifactPlace`) behind an fsspec address such as ``gs://bucket/folder``.

    Credentials come from where the provider's own tools look for them: the environment
    and the files in the home folder.
    """

    is_near = False
    # Passed on to the file system.
    options: dict[str, Any] = {}  # noqa: RUF012 - replaced by subclasses, never changed

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._pid = 0
        self._opened: Any = None

    @property
    def url(self) -> str:
        """Its address."""
        return self._url

    @property
    def fs(self) -> Any:
        """The fsspec file system; another in a forked child, where the threads of this are gone."""
        if self._pid != os.getpid():
            scheme = self._url.partition("://")[0]
            try:
                import fsspec

                kind = fsspec.get_filesystem_class(scheme)
            except ImportError as error:
                extra = _EXTRAS.get(scheme)
                cure = f"pip install 'nbtrack[{extra}]'" if extra else f"it says: {error}"
                raise MissingExtra(
                    f"Artifacts at {scheme}://… need a library that is not installed: {cure}."
                ) from error
            except ValueError as error:
                raise ArtifactsUnavailable(
                    f"Artifacts cannot be kept at {self._url}: fsspec knows no {scheme}://…."
                ) from error
            # Others add to a place meanwhile: what was listed a while ago says nothing.
            self._opened = kind(use_listings_cache=False, **self.options)
            self._pid = os.getpid()
        return self._opened

    @property
    def root(self) -> str:
        """Its path in the file system."""
        return str(self.fs._strip_protocol(self._url)).rstrip("/")

    def path_of(self, digest: str) -> str:
        """Where the bytes with that digest stand, if they are there."""
        check_digest(digest)
        return f"{self.root}/{digest[:2]}/{digest[2:]}"

    # Keeping

    def put(self, data: bytes) -> str:
        """Keep ``data``; its digest."""
        digest = digest_of(data)
        with self._refusals():
            if self._size(self.path_of(digest)) != len(data):
                patiently(lambda: self._write(self.path_of(digest), data))
        return digest

    def put_file(
        self,
        source: Path,
        told: Told = unheard,
        *,
        move: bool = False,  # noqa: ARG002 - it is on another machine
    ) -> tuple[str, int]:
        """Keep the content of a file; its digest and size."""
        digest, size = digest_of_file(source)
        path = self.path_of(digest)
        with self._refusals():
            is_there = self._size(path) == size
        if is_there:
            told(size)
        elif size <= SMALL_BYTES:
            data = source.read_bytes()
            check_unchanged(source, digest_of(data), digest)
            with self._refusals():
                patiently(lambda: self._write(path, data))
            told(size)
        else:
            with self._refusals(source):
                self._upload(path, source, size, digest, told)
        return digest, size

    def _write(self, path: str, data: bytes) -> None:
        with self._passing_name(path) as name:
            self.fs.pipe_file(name, data)

    def _upload(self, path: str, source: Path, size: int, digest: str, told: Told) -> None:
        """Send a large file, so that it appears under ``path`` when it is whole."""
        patiently(lambda: self._upload_once(path, source, size, digest))
        told(size)

    def _upload_once(self, path: str, source: Path, size: int, digest: str) -> None:
        hasher = new_hasher()
        with self._passing_name(path) as name:
            with source.open("rb", buffering=0) as reader, self.fs.open(name, "wb") as writer:
                while chunk := reader.read(CHUNK_BYTES):
                    hasher.update(chunk)
                    writer.write(chunk)
            check_unchanged(source, hasher.hexdigest(), digest)
            if (sent := self._size(name)) != size:
                raise ConnectionError(f"{sent} of {size} bytes have arrived")

    @contextmanager
    def _passing_name(self, path: str) -> Iterator[str]:
        """A name that is moved to ``path`` afterwards, or removed if something was raised."""
        name = f"{self.root}/{_PASSING}{uuid.uuid4().hex}"
        try:
            self.fs.makedirs(os.path.dirname(path), exist_ok=True)
            yield name
            self.fs.mv(name, path)
        except BaseException:
            with suppress(Exception):
                self.fs.rm_file(name)
            raise

    # Reading

    def size_of(self, digest: str) -> int | None:
        """How many bytes it has under that digest; ``None`` if it has none."""
        path = self.path_of(digest)
        with self._refusals():
            return self._size(path)

    def chunks(self, digest: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` on, before ``end``, in order, not verified.

        Raises `ArtifactMissing`.
        """
        path = self.path_of(digest)
        size = self.size_of(digest)
        if size is None:
            raise ArtifactMissing(f"The artifact {digest[:12]}… is not in {self._url}.")
        size = size if end is None else min(size, end)
        starts = deque(range(start, size, RANGE_BYTES))
        coming: deque[Future[bytes]] = deque()
        with ThreadPoolExecutor(_RANGES_AT_ONCE) as pool:
            try:
                while starts or coming:
                    while starts and len(coming) < _RANGES_AT_ONCE:
                        at = starts.popleft()
                        end = min(at + RANGE_BYTES, size)
                        coming.append(pool.submit(self._whole_range, path, at, end))
                    with self._refusals():
                        chunk = coming.popleft().result()
                    yield chunk
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _whole_range(self, path: str, start: int, end: int) -> bytes:
        def read() -> bytes:
            data = self._range(path, start, end)
            if len(data) != end - start:
                raise ConnectionError(f"{len(data)} of {end - start} bytes have arrived")
            return data

        return patiently(read)

    def _range(self, path: str, start: int, end: int) -> bytes:
        return bytes(self.fs.cat_file(path, start=start, end=end))

    def _size(self, path: str) -> int | None:
        try:
            return int(patiently(lambda: self.fs.info(path))["size"])
        except FileNotFoundError:
            return None

    # Care

    def remove(self, digests: Iterable[str]) -> int:
        """Delete what has these digests, for good; how many were there."""
        removed = 0
        for path in map(self.path_of, digests):
            with self._refusals():
                if self._size(path) is not None:
                    with suppress(FileNotFoundError):
                        patiently(partial(self._remove, path))
                    removed += 1
        return removed

    def _remove(self, path: str) -> None:
        self.fs.rm_file(path)

    def kept(self) -> Iterator[KeptBytes]:
        """Everything that it has, in no order."""
        for path, size, modified in self._listed(self.root):
            digest = path.removeprefix(f"{self.root}/").replace("/", "", 1)
            if len(digest) == 64 and not digest.strip("0123456789abcdef"):
                yield KeptBytes(digest, size, modified)

    def sweep(self, before: float, *, dry_run: bool = False) -> int:
        """Remove what interrupted uploads left and nobody touched since ``before``; bytes freed."""
        freed = 0
        for path, size, modified in self._listed(self.root):
            if path.startswith(f"{self.root}/{_PASSING}") and modified < before:
                if not dry_run:
                    with self._refusals(), suppress(FileNotFoundError):
                        self._remove(path)
                freed += size
        return freed

    def claim(self, owner: str) -> None:
        """Note that the store ``owner`` keeps bytes here."""
        with self._refusals():
            patiently(lambda: self._write(f"{self.root}/{_OWNERS}/{owner}", b""))

    def owners(self) -> list[str]:
        """Every store that has claimed the place."""
        return sorted(
            path.rpartition("/")[2] for path, _, _ in self._listed(f"{self.root}/{_OWNERS}")
        )

    def _listed(self, folder: str) -> Iterator[tuple[str, int, float]]:
        """Path, size and time of change of every file below a folder."""
        with self._refusals():
            found = patiently(lambda: self._find(folder))
        for path, entry in found.items():
            yield path, int(entry["size"]), _modified(entry)

    def _find(self, folder: str) -> dict[str, Any]:
        try:
            return dict(self.fs.find(folder, detail=True))
        except FileNotFoundError:
            return {}

    @contextmanager
    def _refusals(self, source: Path | None = None) -> Iterator[None]:
        """Say in a sentence what the place refuses. Errors about ``source`` are the caller's."""
        try:
            yield
        except NbtrackError:
            raise
        except Exception as error:  # each library has exceptions of its own
            if source is not None and getattr(error, "filename", None) == str(source):
                raise
            raise ArtifactsUnavailable(self._refusal(error)) from error

    def _refusal(self, error: Exception) -> str:
        if isinstance(error, FileNotFoundError):
            return (
                f"There is nothing at {self._url} in which artifacts could be kept; create the "
                "bucket or container, or choose another place with nbtrack.set_store(artifacts=…)."
            )
        if isinstance(error, PermissionError) or "credential" in type(error).__name__.lower():
            return f"{self._url} lets nobody in with the credentials at hand ({reason_of(error)})."
        return f"Cannot use {self._url} for artifacts: {reason_of(error)}."


def sync_with(fs: Any, call: Callable[..., Any], *args: Any) -> Any:
    """The result of a coroutine function, run in the loop of an asynchronous file system."""
    from fsspec.asyn import sync

    return sync(fs.loop, call, *args)


def _modified(entry: dict[str, Any]) -> float:
    for key in ("LastModified", "last_modified", "mtime", "updated", "modified", "created"):
        match entry.get(key):
            case datetime() as moment:
                return moment.timestamp()
            case int() | float() as seconds:
                return float(seconds)
            case str() as text:
                return datetime.fromisoformat(text).timestamp()
    return time.time()  # Of unknown age is as good as new: nothing of it is removed.
