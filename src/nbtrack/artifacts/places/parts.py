"""A large file sent in parts, several at a time, and hashed on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from nbtrack.artifacts.digest import Told, new_hasher
from nbtrack.artifacts.places.patience import patiently
from nbtrack.errors import InvalidValue

T = TypeVar("T")

# What is in memory at once: so many parts, each of at least so many bytes.
AT_ONCE = 4
PART_BYTES = 16 << 20
# S3 takes 10,000, Azure 50,000.
_MOST_PARTS = 9_000


def part_bytes_for(size_bytes: int) -> int:
    """The size of a part: the same for a file each time, so that an upload can be resumed."""
    part = PART_BYTES
    while part * _MOST_PARTS < size_bytes:
        part *= 2
    return part


def send_parts(
    source: Path,
    size_bytes: int,
    digest: str,
    send: Callable[[int, bytes], T],
    told: Told,
) -> list[T]:
    """Call ``send(index, part)`` for each part of a file, from several threads; the answers.

    A part is sent again as `patiently` says. Raises `InvalidValue` if what was read has
    another digest: the file has changed since. It must not be published then.
    """
    hasher, answers = new_hasher(), list[T]()
    part_bytes = part_bytes_for(size_bytes)
    waiting: deque[tuple[Future[T], int]] = deque()

    def take_first() -> None:
        future, sent = waiting.popleft()
        answers.append(future.result())
        told(sent)

    with source.open("rb", buffering=0) as reader, ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for index in range(-(-size_bytes // part_bytes)):
                part = _read_whole(reader.read, part_bytes)
                hasher.update(part)
                if len(waiting) == AT_ONCE:
                    take_first()
                waiting.append((pool.submit(_send, send, index, part), len(part)))
            while waiting:
                take_first()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    check_unchanged(source, hasher.hexdigest(), digest)
    return answers


def check_unchanged(source: Path, digest: str, expected: str) -> None:
    """Raise `InvalidValue` if a file was not twice the same while it was being kept."""
    if digest != expected:
        raise InvalidValue(f"{source} changed while it was being kept; log it again.")


def _send(send: Callable[[int, bytes], T], index: int, part: bytes) -> T:
    return patiently(lambda: send(index, part))


def _read_whole(read: Callable[[int], bytes | None], size_bytes: int) -> bytes:
    """As many bytes as were asked for, or all that are left."""
    pieces = []
    while size_bytes and (piece := read(size_bytes)):
        pieces.append(piece)
        size_bytes -= len(piece)
    return b"".join(pieces)
