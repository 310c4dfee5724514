"""What a place of artifacts can do: the contract, which every file beside this one keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nbtrack.artifacts.digest import Told, unheard

# What one request may carry; a larger file goes in parts.
SMALL_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class KeptBytes:
    """Bytes that a place has. ``modified`` is in seconds since 1970."""

    digest: str
    size_bytes: int
    modified: float


class ArtifactPlace(Protocol):
    """Bytes by their digest, in a folder or on the other side of a network.

    A reader never sees half of anything: bytes get their name when they are whole.
    What stands there already is not sent again. Any thread and any process may
    call any method at any time; two that put the same bytes both succeed. Memory
    stays bounded, however large a file is. Every method raises
    `ArtifactsUnavailable` where the place cannot be reached, read or written,
    after it has tried again for a while if that may pass.
    """

    @property
    def url(self) -> str:
        """Where it is, as one writes it down; without credentials."""

    @property
    def is_near(self) -> bool:
        """Whether asking costs no round trip over a network."""

    def put(self, data: bytes) -> str:
        """Keep ``data``; its digest."""

    def put_file(
        self, source: Path, told: Told = unheard, *, move: bool = False
    ) -> tuple[str, int]:
        """Keep the content of a file; its digest and size.

        With ``move`` the file may be gone afterwards: nobody else needs it. What an
        interrupted call has sent is not sent again where the place can tell.
        Raises ``OSError`` if the source cannot be read, `InvalidValue` if it
        changes meanwhile.
        """

    def size_of(self, digest: str) -> int | None:
        """How many bytes it has under that digest; ``None`` if it has none."""

    def chunks(self, digest: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` on, in order, not verified. Raises `ArtifactMissing`.

        Those from ``end`` on, where it is given, are not even asked for.
        """

    def remove(self, digests: Iterable[str]) -> int:
        """Delete what has these digests, for good; how many were there."""

    def kept(self) -> Iterator[KeptBytes]:
        """Everything that it has, in no order."""

    def sweep(self, before: float, *, dry_run: bool = False) -> int:
        """Remove what interrupted uploads left and nobody touched since ``before``; bytes freed.

        With ``dry_run`` nothing is removed.
        """

    def claim(self, owner: str) -> None:
        """Note that the store ``owner`` keeps bytes here."""

    def owners(self) -> list[str]:
        """Every store that has claimed the place."""
