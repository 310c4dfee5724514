"""The files that runs keep, by digest, in one place or several: sent, read, fetched, verified.

New bytes go to the first place. All are read, so that a store which moves to another place
still finds what it kept before.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

from nbtrack.artifacts.digest import CHUNK_BYTES, Told, digest_of, new_hasher
from nbtrack.artifacts.places.folder import ArtifactFolder
from nbtrack.artifacts.places.place import SMALL_BYTES, ArtifactPlace
from nbtrack.artifacts.progress import progress_of
from nbtrack.errors import ArtifactDamaged, ArtifactMissing, ArtifactsUnavailable

T = TypeVar("T")
U = TypeVar("U")

# Small files are sent and fetched side by side: each costs a round trip or two.
_SMALL_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """Bytes to be fetched into the file ``target``."""

    digest: str
    size_bytes: int
    target: Path


class Artifacts:
    """What a store keeps in its places, the first of which takes what is new."""

    def __init__(self, places: Sequence[ArtifactPlace]) -> None:
        self.places = tuple(places)
        # What is on this machine is looked at first: it costs nothing, and is always there.
        self._by_distance = sorted(places, key=lambda place: not place.is_near)

    def put(self, data: bytes) -> str:
        """Keep ``data``; its digest."""
        return self.places[0].put(data)

    def put_files(self, files: Sequence[Path], *, move: bool = False) -> list[tuple[str, int]]:
        """Keep files; digest and size of each. With ``move`` they may be gone afterwards."""
        place = self.places[0]
        sizes = [file.stat().st_size for file in files]
        with progress_of(_doing("Keeping", files), sum(sizes)) as told:
            return self._map(lambda file: place.put_file(file, told, move=move), files, sizes)

    def read(self, digest: str) -> bytes:
        """The bytes with that digest. Raises `ArtifactMissing`, or `ArtifactDamaged`."""

        def whole(place: ArtifactPlace) -> bytes:
            data = b"".join(place.chunks(digest))
            if digest_of(data) != digest:
                raise _damaged(place, digest)
            return data

        return self._from_any(digest, whole)

    def read_part(self, digest: str, start: int, end: int) -> bytes:
        """Its bytes from ``start`` to before ``end``, or to its end; no others travel.

        They are not verified: that takes the whole. Raises `ArtifactMissing`.
        """
        return self._from_any(digest, lambda place: b"".join(place.chunks(digest, start, end)))

    def near_path(self, digest: str) -> Path | None:
        """The file on this machine that has the bytes, to be read and never written, if any."""
        for place in self._by_distance:
            if isinstance(place, ArtifactFolder) and place.size_of(digest) is not None:
                return place.path_of(digest)
        return None

    def fetch(self, wanted: Sequence[Wanted]) -> None:
        """Write bytes to files, which appear when they are whole and verified.

        What an interrupted call has left is not fetched again. Raises `ArtifactMissing`,
        or `ArtifactDamaged`.
        """
        files, sizes = [each.target for each in wanted], [each.size_bytes for each in wanted]
        with progress_of(_doing("Fetching", files), sum(sizes)) as told:
            self._map(
                lambda each: self._from_any(each.digest, partial(_fetch, each, told)), wanted, sizes
            )

    def remove(self, digests: Iterable[str]) -> None:
        """Delete what has these digests from every place, for good."""
        gone = tuple(digests)
        for place in self.places:
            place.remove(gone)

    def _from_any(self, digest: str, take: Callable[[ArtifactPlace], T]) -> T:
        """What ``take`` makes of the nearest place that has the bytes, whole."""
        damage: ArtifactDamaged | None = None
        for place in self._by_distance:
            # What went wrong on the way does not do so twice.
            for _ in range(1 if place.is_near else 2):
                try:
                    return take(place)
                except ArtifactMissing:
                    break
                except ArtifactDamaged as error:
                    damage = error
        if damage is not None:
            raise damage
        where = " or ".join(place.url for place in self.places)
        raise ArtifactMissing(
            f"The artifact {digest[:12]}… is not in {where}; was the store copied without it, "
            "or did `nbtrack gc` free it while its run was in the trash?"
        )

    def _map(self, work: Callable[[T], U], on: Sequence[T], sizes: Sequence[int]) -> list[U]:
        """``work`` on each, in order: small ones side by side where there is a network between."""
        if all(place.is_near for place in self.places) or len(on) == 1:
            return [work(each) for each in on]
        answers: dict[int, U] = {}
        small = [index for index, size in enumerate(sizes) if size <= SMALL_BYTES]
        with ThreadPoolExecutor(_SMALL_AT_ONCE) as pool:
            try:
                made = pool.map(lambda index: work(on[index]), small)
                answers.update(zip(small, made, strict=True))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        # A large one has threads and memory of its own.
        for index, each in enumerate(on):
            if index not in answers:
                answers[index] = work(each)
        return [answers[index] for index in range(len(on))]


def _fetch(wanted: Wanted, told: Told, place: ArtifactPlace) -> None:
    target = wanted.target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _partial_file(target, wanted.digest) as (file, name):
            hasher, start = new_hasher(), 0
            while chunk := file.read(CHUNK_BYTES):
                hasher.update(chunk)
                start += len(chunk)
            told(start)
            for chunk in place.chunks(wanted.digest, start):
                hasher.update(chunk)
                file.write(chunk)
                told(len(chunk))
            if hasher.hexdigest() != wanted.digest:
                file.truncate(0)
                told(-wanted.size_bytes)
                raise _damaged(place, wanted.digest)
            file.close()
            os.replace(name, target)
    except OSError as error:
        if isinstance(error, ArtifactsUnavailable):
            raise
        raise ArtifactsUnavailable(f"Cannot write {target}: {error.strerror or error}.") from error


@contextmanager
def _partial_file(target: Path, digest: str) -> Iterator[tuple[IO[bytes], str]]:
    """A file beside ``target`` that grows to be it. What an interruption leaves is found again.

    It belongs to one at a time; whoever comes meanwhile gets one that nobody finds again.
    """
    import portalocker

    name = target.with_name(f".{digest[:16]}.nbtrack-part")
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    with open(descriptor, "r+b", buffering=0) as file:
        try:
            portalocker.lock(file, portalocker.LOCK_EX | portalocker.LOCK_NB)
            # It may have become the other's target just before it was locked.
            is_own = name.stat().st_ino == os.fstat(file.fileno()).st_ino
        except (portalocker.LockException, FileNotFoundError):
            is_own = False
        if is_own:
            try:
                yield file, str(name)
            except BaseException:
                if not file.closed and os.fstat(file.fileno()).st_size == 0:
                    name.unlink(missing_ok=True)
                raise
            return
    with tempfile.NamedTemporaryFile(
        dir=target.parent, prefix=f".{digest[:16]}.", delete=False, buffering=0
    ) as fresh:
        try:
            yield fresh, fresh.name
        finally:
            with suppress(FileNotFoundError):
                os.unlink(fresh.name)


def _damaged(place: ArtifactPlace, digest: str) -> ArtifactDamaged:
    return ArtifactDamaged(
        f"The artifact {digest[:2]}/{digest[2:]} in {place.url} is not what was written; "
        "bring the file back from a copy."
    )


def _doing(verb: str, files: Sequence[Path]) -> str:
    return f"{verb} {files[0].name if len(files) == 1 else f'{len(files):,} files'}"
